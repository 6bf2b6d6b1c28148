/** What everything else is built on: errors, events, ops, and the clock. */

/** Any failure of the client; `message` is one line for people. */
export class NexusError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The server refused, and the act left no trace. `code` is the contract's, such as `poll_closed`; `status` is the HTTP
 * status, or 0 if the answer came by the socket; `afterMs` is how long the server asks to wait, 0 if it doesn't;
 * `errors` lists the fields that break a rule, `[{field, message}]`, and is empty if the server names none. */
export class Refused extends NexusError {
  constructor(code, detail, { status = 0, afterMs = 0, errors = [] } = {}) {
    super(`${detail || "The server refused the request."} (${code})`);
    Object.assign(this, { code, detail, status, afterMs, errors });
  }
}

/** The server could not be reached, did not answer in time, or can't answer now, but may later. `code` is the
 * contract's if the server sent one, such as `too_many_requests`, else null. */
export class Unreachable extends NexusError {
  constructor(message, { code = null, afterMs = 0, cause } = {}) {
    super(message, { cause });
    Object.assign(this, { code, afterMs });
  }
}

/** The server asks this client not to come back until something has changed; `code` is the close code, 4500 to 4599. */
export class TurnedAway extends NexusError {
  constructor(code, reason) {
    super(`${reason || "The server turned this client away."} (${code})`);
    Object.assign(this, { code, reason });
  }
}

/** The client was closed while a caller was still waiting for it. */
export class Closed extends NexusError {}

/** Too many votes are waiting for an answer; no more are accepted. */
export class Busy extends NexusError {}

/** The client ended before this act was answered: it may count or not. It stays in the storage, and the next client of
 * the same voter sends it again with the same `op`, so it never counts twice. */
export class Unsettled extends NexusError {
  constructor(poll, op, cause) {
    super(`Poll ${poll} has not answered the op ${op}: it may count or not.`, { cause });
    Object.assign(this, { poll, op });
  }
}

/** Listeners by the name of an event. One that throws stops neither the others nor the client: its error is rethrown on
 * its own, where `window.onerror` or the process sees it. */
export class Emitter {
  #listeners = new Map();

  constructor(names) {
    for (const name of names) this.#listeners.set(name, new Set());
  }

  /** Call `listener` at each event `name` from now on; returns what stops that. Throws TypeError if it is unknown. */
  on(name, listener) {
    const listeners = this.#listeners.get(name);
    if (!listeners) throw new TypeError(`there is no event ${JSON.stringify(name)}`);
    if (typeof listener !== "function") throw new TypeError("a listener must be a function");
    const entry = { listener };
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  /** Call all listeners; returns whether there were any. */
  emit(name, value) {
    const listeners = [...this.#listeners.get(name)];
    for (const { listener } of listeners) {
      try {
        listener(value);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
    return listeners.length > 0;
  }
}

/** The op of a new act: a UUID of version 7 (RFC 9562, section 5.7), so that later ones sort later. */
export function newOp(now = Date.now()) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  for (let i = 0; i < 6; i += 1) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) & 0xff;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const SAMPLES = 8;
const JUMP_MS = 1000;

/** The server's clock. Of the last samples the one with the shortest round trip counts, and the offset moves halfway to
 * it at each answer, so that a countdown does not jump. */
export class Clock {
  #samples = [];
  #offset = null;

  /** Milliseconds since 1970 by the server's clock; before the first sample, by this machine's. */
  now() {
    return Date.now() + (this.#offset ?? 0);
  }

  /** Learn from an answer that was asked for and received at these times of this machine. Invalid times are ignored. */
  learn(asked, answered, serverNow) {
    const offset = Date.parse(serverNow) - (asked + answered) / 2;
    const took = answered - asked;
    if (!Number.isFinite(offset) || took < 0) return;
    const known = this.#best();
    if (known && Math.abs(offset - known.offset) > (took + known.took) / 2 + JUMP_MS) this.#samples = []; // it was set
    this.#samples.push({ offset, took });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const aim = this.#best().offset;
    const far = this.#offset === null || Math.abs(aim - this.#offset) > JUMP_MS;
    this.#offset = far ? aim : this.#offset + (aim - this.#offset) / 2;
  }

  #best() {
    return this.#samples.reduce((best, one) => (best && best.took <= one.took ? best : one), null);
  }
}

/** The address of the server at `url`: its origin, and its path without the slash at its end. Throws TypeError for
 * anything but an http or https URL. */
export function addressOf(url) {
  const { protocol, origin, pathname } = new URL(url, globalThis.location?.href);
  if (!/^https?:$/.test(protocol)) throw new TypeError(`${url} is not an http or https URL`);
  return origin + pathname.replace(/\/+$/, "");
}

/** The claims of a token, as it says itself; none where it is no JWT: it stands for itself, and the server judges it. */
export function claimsOf(token) {
  try {
    const text = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0)))) ?? {};
  } catch {
    return {};
  }
}

/** Whose token it is, as far as can be read from it: what is stored for one voter is never sent for another. */
export function subjectOf(token) {
  const { iss, sub } = claimsOf(token);
  return sub ? `${iss}|${sub}` : token;
}

/** `ms`, varied by up to a quarter either way, so that an audience does not do everything at once. */
export function spread(ms) {
  return ms * (0.75 + Math.random() / 2);
}
