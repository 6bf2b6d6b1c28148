/** What everything else stands on: errors, events, names of acts, the clock, and where things are kept. */

/** Anything the client cannot do; `message` is one line for people. */
export class NexusError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The server said no, and the act left no trace. `code` is the contract's, such as `poll_closed`; `status` is the HTTP
 * status, 0 where the answer came by the socket; `afterMs` how long the server asks to wait, 0 where it says nothing;
 * `errors` the fields that break a rule, `[{field, message}]`, none where it names none. */
export class Refused extends NexusError {
  constructor(code, detail, { status = 0, afterMs = 0, errors = [] } = {}) {
    super(`${detail || "The server refused."} (${code})`);
    Object.assign(this, { code, detail, status, afterMs, errors });
  }
}

/** The server could not be reached, did not answer in time, or cannot answer now. It may later; `code` is the contract's
 * where it said one, such as `too_many_requests`, else null. */
export class Unreachable extends NexusError {
  constructor(message, { code = null, afterMs = 0, cause } = {}) {
    super(message, { cause });
    Object.assign(this, { code, afterMs });
  }
}

/** The server does not want this client back until something has changed; `code` is the close code, 4500 to 4599. */
export class TurnedAway extends NexusError {
  constructor(code, reason) {
    super(`${reason || "The server turned this client away."} (${code})`);
    Object.assign(this, { code, reason });
  }
}

/** The client, or this room of it, was closed while something still waited for it. */
export class Closed extends NexusError {}

/** So many votes wait for their answer that no more are taken. */
export class Busy extends NexusError {}

/** The client ended before this act was answered: it may count, or not. Its `op` stays in the storage, and the next
 * client of the same voter there sends it again, which never counts twice. */
export class Unsettled extends NexusError {
  constructor(poll, op, cause) {
    super(`No answer from poll ${poll} to the op ${op}: it may count, or not.`, { cause });
    Object.assign(this, { poll, op });
  }
}

/** Listeners by the name of an event. One that throws stops neither the others nor the client: its error is thrown
 * again by itself, where `window.onerror` or the process sees it. */
export class Emitter {
  #listeners = new Map();

  constructor(names) {
    for (const name of names) this.#listeners.set(name, new Set());
  }

  /** Call `listener` at each event `name` from now on; gives what ends that. Throws TypeError for an unknown name. */
  on(name, listener) {
    const listeners = this.#listeners.get(name);
    if (!listeners) throw new TypeError(`there is no event ${JSON.stringify(name)}`);
    if (typeof listener !== "function") throw new TypeError("a listener is a function");
    const entry = { listener };
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  /** Tell all listeners; gives whether there was one. */
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

/** A name for a new act: a UUID of version 7 (RFC 9562, section 5.7), so that later ones sort later. */
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

/** The server's clock. Of the last samples the one that took the shortest way counts, and the offset moves half of the
 * way to it at each answer, so that a countdown does not jump. */
export class Clock {
  #samples = [];
  #offset = null;

  /** Milliseconds since 1970 by the server's clock; by this machine's before the first sample. */
  now() {
    return Date.now() + (this.#offset ?? 0);
  }

  /** Take an answer asked for and received at these times of this machine. What is no time is passed over. */
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

/** A storage for one page: what localStorage can do, in memory. */
export class MemoryStorage {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key(index) {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  setItem(key, value) {
    this.#items.set(key, String(value));
  }

  removeItem(key) {
    this.#items.delete(key);
  }
}

let memory = null;

/** localStorage where there is one that may be used, else a memory that all clients of this page share. */
export function defaultStorage() {
  try {
    const probe = "nexus:probe";
    globalThis.localStorage.setItem(probe, "");
    globalThis.localStorage.removeItem(probe);
    return globalThis.localStorage;
  } catch {
    // None here (Node), or none that a page may use (blocked, full): the page's own memory serves.
    memory ??= new MemoryStorage();
    return memory;
  }
}

/** The http(s) origin that `url` names. Throws TypeError for what is none. */
export function originOf(url) {
  const parsed = new URL(url, globalThis.location?.href);
  if (!/^https?:$/.test(parsed.protocol)) throw new TypeError(`${url} is no http or https URL`);
  return parsed.origin;
}

/** Whom a token speaks for, as far as can be read from it: what is kept for one voter is never sent for another. */
export function subjectOf(token) {
  try {
    const text = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
    const { iss, sub } = JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0))));
    return `${iss}|${sub}`;
  } catch {
    return token; // no JWT: then it is its own subject, and the server will say what it thinks of it
  }
}

/** JSON of a stored item, or null where there is none that can be read. */
export function readItem(storage, key) {
  try {
    return JSON.parse(storage.getItem(key));
  } catch {
    return null; // another program's, or half written: worth nothing
  }
}

/** A time that is spread, so that a hall does not do everything at once. */
export function spread(ms) {
  return ms * (0.75 + Math.random() / 2);
}
