/** Waiting for a poll that can't be seen yet: by a socket that says no hello, else by asking over HTTP. */

import { NexusError, Refused, Unreachable, addressOf, spread } from "./basics.js";
import { Link } from "./link.js";
import { request } from "./rest.js";
import { pause } from "./upkeep.js";

const ASK_MS = 5000; // between two questions over HTTP
const PING_MS = 15_000;
const PONG_MS = 8000;
const BLOCKED_AFTER = 3; // handshakes in a row that fail, until HTTP is tried
const SOCKET_AGAIN = 6; // questions over HTTP until a socket is tried again
const PASSING = new Set(["unavailable", "too_many_messages"]);
const NO_CLOSE_FRAME = 1006;
const LASTING = [4500, 4599];

/** One poll that is waited for, as `waitFor` describes it. */
export class AwaitedPoll {
  #code;
  #fetch;
  #origin;
  #dial;
  #signal;
  #waiting;
  #told = null;
  #wake = () => {};

  constructor({ url, code, signal, waiting = () => {}, WebSocket, fetch }) {
    const SocketClass = WebSocket ?? globalThis.WebSocket;
    this.#origin = addressOf(url);
    this.#code = code;
    this.#signal = signal;
    this.#waiting = waiting;
    this.#fetch = fetch ?? globalThis.fetch.bind(globalThis);
    this.#dial = (take) => Link.open(SocketClass, `ws${this.#origin.slice(4)}/ws`, take);
  }

  /** Resolves once the poll can be seen. */
  async ready() {
    const hurry = () => this.#wake();
    for (const name of ["online", "pageshow"]) globalThis.addEventListener?.(name, hurry);
    this.#signal?.addEventListener("abort", hurry);
    try {
      await this.#keepTrying();
    } finally {
      for (const name of ["online", "pageshow"]) globalThis.removeEventListener?.(name, hurry);
      this.#signal?.removeEventListener("abort", hurry);
    }
  }

  async #keepTrying() {
    for (let failures = 0, unopened = 0; ; failures += 1) {
      this.#checkSignal();
      const { ready, opened, held, code = NO_CLOSE_FRAME } = await this.#bySocket();
      if (ready) return;
      this.#checkSignal();
      if (held) failures = 0;
      this.#tell(false);
      unopened = opened ? 0 : unopened + 1;
      if (unopened >= BLOCKED_AFTER && (await this.#byHttp())) return;
      await this.#rest(pause(code, failures, Math.random()));
    }
  }

  /** Wait by one socket, to its end: `{ready, opened, held, code}`, where `held` says that the server let it wait. */
  async #bySocket() {
    let link = null;
    let finish;
    const answered = new Promise((resolve) => (finish = resolve));
    const take = (message) => {
      if (message.type === "waiting") this.#tell(true);
      if (message.type === "ready" || (message.type === "error" && message.of?.type === "wait")) finish(message);
    };
    try {
      link = await this.#dial(take);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      return { opened: false };
    }
    this.#told = null;
    this.#wake = () => (this.#signal?.aborted ? link.abort("the wait is given up", 1000) : this.#check(link));
    link.send({ type: "wait", code: this.#code });
    const stop = this.#keepAlive(link);
    const answer = await Promise.race([answered, link.ended]);
    stop();
    link.abort("the wait is over", 1000);
    return this.#judge(answer, { opened: true, held: this.#told === true });
  }

  #judge(answer, how) {
    if (answer.type === "ready") return { ...how, ready: true };
    if (answer.type === "error" && !PASSING.has(answer.code)) throw new Refused(answer.code, answer.detail);
    if (answer.code >= LASTING[0] && answer.code <= LASTING[1]) throw new NexusError(answer.reason);
    return { ...how, code: answer.type ? 4429 : answer.code }; // one that is too busy is spared
  }

  #keepAlive(link) {
    let timer;
    const next = () => {
      timer = setTimeout(async () => {
        await this.#check(link);
        if (!link.over) next();
      }, spread(PING_MS));
    };
    next();
    return () => clearTimeout(timer);
  }

  async #check(link) {
    await link.ask({ type: "ping" }, { ms: PONG_MS });
  }

  /** Ask over HTTP for a while; resolves to whether the wait is over. */
  async #byHttp() {
    for (let asked = 0; asked < SOCKET_AGAIN; asked += 1) {
      this.#checkSignal();
      let afterMs = 0;
      try {
        const body = { code: this.#code };
        const answer = await request(this.#fetch, this.#origin, "POST", "/polls/waiting/", { body });
        if (!answer.body.waiting) return true;
        this.#tell(true);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        this.#tell(false);
        afterMs = error.afterMs;
      }
      await this.#rest(Math.max(afterMs, spread(ASK_MS)));
    }
    return false;
  }

  #rest(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (this.#signal?.aborted) this.#wake();
    });
  }

  #checkSignal() {
    if (this.#signal?.aborted) throw this.#signal.reason ?? new NexusError("The wait was given up.");
  }

  #tell(reached) {
    if (reached !== this.#told) this.#waiting(reached);
    this.#told = reached;
  }
}
