/** Over HTTP: calls with a token, and guests. */

import { Refused, Unreachable, addressOf } from "./basics.js";
import { normalizeCode } from "./code.js";
import { alone, readItem, storageOf } from "./storage.js";

const TIMEOUT_MS = 15_000;
const EARLY_MS = 90_000; // how long before its end a token is renewed: earlier than the server's warning
const RETRY_MS = 1000;
const TRANSIENT = new Set([408, 425, 429]);

/** Make one HTTP call; returns `{status, body, etag, asked, answered}`. Rejects with `Refused`, or with `Unreachable`
 * for what may pass (no network, 429, 5xx). */
export async function request(fetch, origin, method, path, { body, token, op, etag, signal, cookies } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  if (op) headers["Idempotency-Key"] = op;
  if (etag) headers["If-None-Match"] = etag;
  const limit = new AbortController(); // browsers of 2022 have no AbortSignal.timeout
  const timer = setTimeout(() => limit.abort(), TIMEOUT_MS);
  const credentials = cookies ? "same-origin" : "omit";
  const init = { method, headers, cache: "no-store", credentials, signal: signal ?? limit.signal };
  if (body !== undefined) init.body = JSON.stringify(body);
  const asked = Date.now();
  try {
    const response = await fetch(origin + path, init);
    const text = await response.text();
    const answer = { status: response.status, etag: response.headers.get("ETag"), asked, answered: Date.now() };
    if (response.ok || response.status === 304) return { ...answer, body: text ? JSON.parse(text) : null };
    throw refusal(response, text);
  } catch (error) {
    if (error instanceof Refused || error instanceof Unreachable) throw error;
    throw new Unreachable(`The server did not answer ${method} ${path}.`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

function refusal(response, text) {
  let problem = null;
  try {
    problem = JSON.parse(text);
  } catch {
    // Not from the server: see below.
  }
  const code = problem?.code;
  const detail = problem?.detail ?? "";
  const after = Number(response.headers.get("Retry-After"));
  const afterMs = Number.isFinite(after) ? Math.min(Math.max(after, 0), 60) * 1000 : 0;
  // Without a code the answer comes from something between here and the server, and says nothing about a vote.
  if (!code || response.status >= 500 || TRANSIENT.has(response.status)) {
    const said = `${detail || "The server did not answer."} (${code ?? response.status})`;
    return new Unreachable(said, { code, afterMs });
  }
  return new Refused(code, detail, { status: response.status, afterMs, errors: problem.errors });
}

/** The token of a client: the newest one, and how to get a newer one. Simultaneous renewals share one request. */
export class Tokens {
  #first;
  #source;
  #renewing = null;

  constructor(token, renew) {
    this.#first = token;
    this.#source = renew ?? (typeof token === "function" ? token : null);
    this.current = null;
  }

  /** Whether a newer token can be requested. */
  get renewable() {
    return this.#source !== null;
  }

  /** The newest token; requests the first one. */
  async get() {
    if (this.current !== null) return this.current;
    if (typeof this.#first === "string") this.current = this.#first;
    else await this.renew();
    return this.current;
  }

  /** Request a newer token than the current one; resolves to whether there is one. Rejects as its source does. */
  renew() {
    this.#renewing ??= this.#ask().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #ask() {
    if (!this.#source) return false;
    const earlier = this.current;
    const source = earlier === null ? this.#first : this.#source;
    const token = await source(earlier ?? undefined);
    if (typeof token !== "string" || !token) throw new TypeError("a token source must return a string");
    this.current = token;
    return token !== earlier;
  }
}

/** Calls with the newest token; a call that is refused only because of its token is sent again with a newer one. */
export class Rest {
  #fetch;
  #origin;
  #tokens;

  constructor(fetch, origin, tokens) {
    this.#fetch = fetch;
    this.#origin = origin;
    this.#tokens = tokens;
  }

  /** As `request`. */
  async call(method, path, options = {}) {
    const token = await this.#tokens.get();
    try {
      return await this.#send(method, path, { ...options, token });
    } catch (error) {
      if (!(error instanceof Refused && error.code === "unauthenticated")) throw error;
      if (this.#tokens.current === token && !(await this.#tokens.renew())) throw error;
      return this.#send(method, path, { ...options, token: this.#tokens.current });
    }
  }

  /** Send an act of voting and return its outcome, as `Outbox` expects it. */
  async act({ kind, poll, op, options, ballot, epoch }) {
    const query = ballot ? `?ballot=${encodeURIComponent(ballot)}` : "";
    const method = kind === "vote" ? "POST" : "DELETE";
    const body = kind === "vote" ? { options, epoch } : undefined;
    try {
      const answer = await this.call(method, `/polls/${poll}/vote/${query}`, { op, body });
      return { receipt: answer.body };
    } catch (error) {
      if (error instanceof Refused && error.status !== 401) return { error };
      if (error instanceof Unreachable) return { afterMs: error.afterMs || RETRY_MS };
      throw error;
    }
  }

  #send(method, path, options) {
    return request(this.#fetch, this.#origin, method, path, options);
  }
}

/** What calls without a client need, from the options that all of them have. Throws TypeError. */
export function tools({ url, storage, fetch }) {
  return { origin: addressOf(url), kept: storageOf(storage), fetch: fetch ?? globalThis.fetch.bind(globalThis) };
}

/** Until when, in ms since 1970, a token is used that was asked for at `asked` and lasts `lasts` seconds. */
export function goodUntil(asked, lasts) {
  return asked + lasts * 1000 - Math.min(EARLY_MS, lasts * 500);
}

/** Use a pairing code up: `{token, role, poll, code}`, where `token` is for `connect` and holds for the poll `poll` alone, as
 * a "screen" or a "presenter". Rejects with `Refused` (`pairing_not_found`, …) or `Unreachable`. */
export async function pair({ url, code, fetch }) {
  const call = fetch ?? globalThis.fetch.bind(globalThis);
  const { body } = await request(call, addressOf(url), "POST", "/auth/screen/", { body: { code } });
  return { token: body.access, role: body.role, poll: body.poll, code: body.code };
}

/** Enter a poll or an event by its code, without an account: `{poll, event, voter, token}`, where `token` is for `connect`.
 * `event` is null for a poll; of an event `poll` is what it showed when the token was made, or null.
 *
 * The guest token stays in the storage for this code: a device that comes back, however late, is the same voter.
 * Rejects with `Refused` (`poll_not_found`, `guests_not_allowed`, …) or `Unreachable`. */
export async function enter({ url, code, ...given }) {
  const { origin, kept, fetch } = tools({ url, ...given });
  const key = `nexus:guest:${origin}:${normalizeCode(code)}`;
  const read = () => readItem(kept, key);
  const ask = async () => {
    const asked = Date.now();
    const earlier = read()?.access;
    const { body } = await request(fetch, origin, "POST", "/auth/guest/", { body: { code }, token: earlier });
    const { access, voter, poll, event, expires_in: lasts } = body;
    const other = read();
    if (other && other.access !== earlier && other.voter !== voter) return other; // another tab was faster
    const guest = { access, voter, poll, event, until: goodUntil(asked, lasts) };
    kept.setItem(key, JSON.stringify(guest));
    return guest;
  };
  const good = (guest, earlier) => guest?.access && guest.access !== earlier && guest.until > Date.now();
  const renewed = async (earlier) => {
    const guest = read();
    return good(guest, earlier) ? guest : ask();
  };
  // Tabs that open at once are one guest: they ask one after the other where the browser has locks (secure pages).
  const newest = (earlier) => alone(key, () => renewed(earlier));
  const guest = await newest();
  const { poll, event = null, voter } = guest; // one that an earlier version kept is a poll's
  return { poll, event, voter, token: async (earlier) => (await newest(earlier)).access };
}
