/** One socket, from its handshake to its end: requests and their answers, and messages that answer nothing. */

import { Refused, Unreachable } from "./basics.js";

const SUBPROTOCOL = "nexus.v1";
const HANDSHAKE_MS = 8000;
const ANSWER_MS = 15_000;
const FAILED_MS = 100; // after an error: the close event with its code follows at once, if at all
const NO_CLOSE_FRAME = 1006; // RFC 6455, section 7.4.1
const ANSWERS = { welcome: "hello", joined: "join", entered: "join", pong: "ping" };
const VERDICTS = new Set(["ack", "reject", "retry"]);

const NO_MESSAGE = { type: "error", code: "malformed", detail: "The server did not send a message.", of: {} };

function parse(data) {
  try {
    const message = JSON.parse(data);
    return typeof message?.type === "string" ? message : NO_MESSAGE;
  } catch {
    return NO_MESSAGE; // which the client reports as an error
  }
}

/** An open socket. When it ends, every wait for an answer ends too, with null. */
export class Link {
  #socket;
  #take;
  #asked = new Map();
  #acts = new Map();
  #finish;

  /** Connect; `take` gets every message that answers nothing. Rejects with `Unreachable`. */
  static open(WebSocketClass, url, take) {
    return new Promise((resolve, reject) => {
      const socket = new WebSocketClass(url, SUBPROTOCOL);
      const done = (act) => {
        clearTimeout(timer);
        socket.removeEventListener("open", opened);
        socket.removeEventListener("close", failed);
        socket.removeEventListener("error", failed);
        act();
      };
      const opened = () => done(() => resolve(new Link(socket, take)));
      const failed = () => done(() => reject(new Unreachable("The connection could not be opened.")));
      const timer = setTimeout(() => {
        failed();
        socket.close();
      }, HANDSHAKE_MS);
      socket.addEventListener("open", opened);
      socket.addEventListener("close", failed);
      socket.addEventListener("error", failed); // not every WebSocket sends a close event after it
    });
  }

  constructor(socket, take) {
    this.#socket = socket;
    this.#take = take;
    /** Whether it has ended. */
    this.over = false;
    /** Resolves at its end, to `{code, reason}`. */
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
    socket.addEventListener("message", (event) => this.#read(event.data));
    socket.addEventListener("error", () => setTimeout(() => this.abort("the socket failed"), FAILED_MS));
    socket.addEventListener("close", ({ code, reason }) => this.#end(code || NO_CLOSE_FRAME, reason));
  }

  /** Send a request and return its answer: one of a kind at a time, since errors name only the kind. `first` gets the
   * answer before any later message is handled. If the server does not answer within `ms`, the socket is closed. */
  async ask(message, { ms = ANSWER_MS, first } = {}) {
    const kind = message.type;
    while (this.#asked.has(kind)) await this.#asked.get(kind).answered;
    if (this.over) return null;
    const entry = { first };
    entry.answered = new Promise((resolve) => {
      entry.resolve = resolve;
    });
    this.#asked.set(kind, entry);
    const timer = setTimeout(() => this.abort(`no answer to a ${kind}`), ms);
    this.send(message);
    try {
      return await entry.answered;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Send an act and return its outcome, as `Outbox` expects it; null if that is not known. */
  async exchange(message) {
    if (this.over) return null;
    const answered = new Promise((resolve) => this.#acts.set(message.op, resolve));
    const timer = setTimeout(() => this.#verdict({ op: message.op, type: "retry", after_ms: 0 }), ANSWER_MS);
    this.send(message);
    try {
      return await answered;
    } finally {
      clearTimeout(timer);
      this.#acts.delete(message.op);
    }
  }

  /** Send a message that needs no answer; it is dropped if the socket has ended. */
  send(message) {
    if (!this.over) this.#socket.send(JSON.stringify(message));
  }

  /** End a socket that is no longer of use, without waiting for the other side. */
  abort(reason, code = NO_CLOSE_FRAME) {
    this.#end(code, reason);
    this.#socket.close();
  }

  #read(data) {
    if (this.over) return;
    const message = parse(data);
    const kind = message.type === "error" ? message.of?.type : ANSWERS[message.type];
    if (this.#asked.has(kind)) this.#answer(kind, message);
    else if (VERDICTS.has(message.type)) this.#verdict(message);
    else this.#take(message);
  }

  #answer(kind, message) {
    const { resolve, first } = this.#asked.get(kind);
    this.#asked.delete(kind);
    if (message.type !== "error") first?.(message);
    resolve(message);
  }

  #verdict(message) {
    const resolve = this.#acts.get(message.op?.toLowerCase());
    if (!resolve) return; // answered already, or another tab's
    if (message.type === "ack") resolve({ receipt: message });
    else if (message.type === "reject") resolve({ error: new Refused(message.code, message.detail) });
    else resolve({ afterMs: message.after_ms });
  }

  #end(code, reason) {
    if (this.over) return;
    this.over = true;
    for (const { resolve } of this.#asked.values()) resolve(null);
    for (const resolve of this.#acts.values()) resolve(null);
    this.#asked.clear();
    this.#finish({ code, reason: reason ?? "" });
  }
}
