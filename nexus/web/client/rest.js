/** Over HTTP: calls with a token, guests, and accounts. */

import { Refused, Unreachable, defaultStorage, addressOf, readItem } from "./basics.js";
import { normalizeCode } from "./code.js";

const TIMEOUT_MS = 15_000;
const EARLY_MS = 90_000; // how long before its end a token is renewed: earlier than the server's warning
const RETRY_MS = 1000;
const TRANSIENT = new Set([408, 425, 429]);

/** Make one HTTP call; returns `{status, body, etag, asked, answered}`. Rejects with `Refused`, or with `Unreachable`
 * for what may pass (no network, 429, 5xx). */
export async function request(fetch, origin, method, path, { body, token, op, etag, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (token) headers.Authorization = `Bearer ${token}`;
  if (op) headers["Idempotency-Key"] = op;
  if (etag) headers["If-None-Match"] = etag;
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const init = { method, headers, cache: "no-store", credentials: "omit", signal: signal ?? limit };
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

function tools({ url, storage, fetch }) {
  return { origin: addressOf(url), kept: storage ?? defaultStorage(), fetch: fetch ?? globalThis.fetch.bind(globalThis) };
}

/** Enter a poll by its code, without an account: `{poll, voter, token}`, where `token` is for `connect`.
 *
 * The guest token stays in the storage for this poll: a device that comes back, or renews it, is the same voter.
 * Rejects with `Refused` (`poll_not_found`, `guests_not_allowed`, …) or `Unreachable`. */
export async function enter({ url, code, ...given }) {
  const { origin, kept, fetch } = tools({ url, ...given });
  const key = `nexus:guest:${origin}:${normalizeCode(code)}`;
  let held = null;
  const read = () => readItem(kept, key) ?? held;
  const ask = async () => {
    const asked = Date.now();
    const earlier = read()?.access;
    const { body } = await request(fetch, origin, "POST", "/auth/guest/", { body: { code }, token: earlier });
    const { access, voter, poll, expires_in: lasts } = body;
    const other = read();
    if (other && other.access !== earlier && other.voter !== voter) return other; // another tab was faster
    held = { access, voter, poll, until: asked + lasts * 1000 - Math.min(EARLY_MS, lasts * 500) };
    try {
      kept.setItem(key, JSON.stringify(held));
    } catch {
      // Full: the guest lasts as long as the page, which is better than none.
    }
    return held;
  };
  const good = (guest, earlier) => guest?.access && guest.access !== earlier && guest.until > Date.now();
  const renewed = async (earlier) => {
    const guest = read();
    return good(guest, earlier) ? guest : ask();
  };
  // Tabs that open at once are one guest: they ask one after the other where the browser has locks (secure pages).
  const locks = globalThis.navigator?.locks;
  const newest = (earlier) => (locks ? locks.request(key, () => renewed(earlier)) : renewed(earlier));
  const guest = await newest();
  return { poll: guest.poll, voter: guest.voter, token: async (earlier) => (await newest(earlier)).access };
}

/** Create an account: `{id, username, roles}`. Rejects with `Refused` (`username_taken`, `invalid`), `Unreachable`. */
export async function register({ url, username, password, email, ...given }) {
  const { origin, fetch } = tools({ url, ...given });
  return (await request(fetch, origin, "POST", "/auth/register/", { body: { username, password, email } })).body;
}

/** Log in; returns a `Session`, which stays in the storage. Rejects with `Refused` (`invalid_credentials`) or
 * `Unreachable`. */
export async function login({ url, username, password, ...given }) {
  const { origin, kept, fetch } = tools({ url, ...given });
  const { body } = await request(fetch, origin, "POST", "/auth/token/", { body: { username, password } });
  keep(origin, kept, body);
  return new Session(origin, kept, fetch);
}

/** Whom the invitation with this token is for, and its end: `{username, expires_at}`. Rejects with `Refused`
 * (`invitation_not_found`) or `Unreachable`. */
export async function readInvitation({ url, token, ...given }) {
  const { origin, fetch } = tools({ url, ...given });
  return (await request(fetch, origin, "POST", "/auth/invitation/read/", { body: { token } })).body;
}

/** Choose the password of an account that was invited, or whose password is to be reset, with the token of its link; logs
 * in as `login` does. Rejects with `Refused` (`invitation_not_found`, `weak_password`) or `Unreachable`. */
export async function acceptInvitation({ url, token, password, ...given }) {
  const { origin, kept, fetch } = tools({ url, ...given });
  const { body } = await request(fetch, origin, "POST", "/auth/invitation/", { body: { token, password } });
  keep(origin, kept, body);
  return new Session(origin, kept, fetch);
}

/** The login in this storage: a `Session`, or null if there is none. */
export function session({ url, ...given }) {
  const { origin, kept, fetch } = tools({ url, ...given });
  return readItem(kept, keyOf(origin)) ? new Session(origin, kept, fetch) : null;
}

function keyOf(origin) {
  return `nexus:login:${origin}`;
}

function keep(origin, kept, { access, refresh, expires_in: lasts }) {
  const until = Date.now() + lasts * 1000 - Math.min(EARLY_MS, lasts * 500);
  kept.setItem(keyOf(origin), JSON.stringify({ access, refresh, until }));
}

/** A login. `token` is for `connect`; tabs that share a storage share the login, and renew it one after the other where
 * the browser has locks (secure pages): a refresh token used twice would end it. */
export class Session {
  #origin;
  #kept;
  #fetch;

  constructor(origin, kept, fetch) {
    this.#origin = origin;
    this.#kept = kept;
    this.#fetch = fetch;
    /** The newest access token; rejects with `Refused` once the login has ended. */
    this.token = async (earlier) => (await this.#alone(earlier)).access;
  }

  /** End the login, on the server too; it is removed here in any case. Rejects with `Unreachable`. */
  async logout() {
    try {
      const { access: token, refresh } = await this.#alone();
      await request(this.#fetch, this.#origin, "POST", "/auth/logout/", { body: { refresh }, token });
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // a login that is refused has already ended
    } finally {
      this.#kept.removeItem(keyOf(this.#origin));
    }
  }

  /** The newest pair of tokens, while no other tab renews it. */
  #alone(earlier) {
    const locks = globalThis.navigator?.locks;
    const work = () => this.#pair(earlier);
    return locks ? locks.request(keyOf(this.#origin), work) : work();
  }

  async #pair(earlier) {
    const key = keyOf(this.#origin);
    const pair = readItem(this.#kept, key);
    if (!pair) throw new Refused("unauthenticated", "There is no login here.", { status: 401 });
    if (pair.access !== earlier && pair.until > Date.now()) return pair;
    try {
      const options = { body: { refresh: pair.refresh } };
      const { body } = await request(this.#fetch, this.#origin, "POST", "/auth/token/refresh/", options);
      keep(this.#origin, this.#kept, body);
    } catch (error) {
      if (error instanceof Refused && readItem(this.#kept, key)?.refresh === pair.refresh) this.#kept.removeItem(key);
      throw error;
    }
    return readItem(this.#kept, key);
  }
}
