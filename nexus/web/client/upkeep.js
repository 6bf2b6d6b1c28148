/** Keeping a client connected: hello, renewal of the token, pings, and reconnecting. */

import { Refused, TurnedAway, Unreachable, spread } from "./basics.js";

const HELLO_MS = 10_000;
const PING_MS = 15_000;
const PONG_MS = 8000;
const QUICK_PONG_MS = 2500;
const STEADY_MS = 10_000; // a connection that lasted this long ends a series of failures
const REST_MS = 5000; // keeps a token that expires within the server's warning from being renewed endlessly
const FIRST_MS = 400;
const FIRST_AFTER_44XX_MS = 2000;
const SOON_MS = 1500; // over which an audience comes back to a server that has restarted
const LONGEST_SOON_MS = 2000; // a screen is up to date within 3 s of a server's return
const SOON_FAILURES = 20; // if that takes half a minute or so at most;
const LONGEST_MS = 15_000; // after that the server is spared
const BLOCKED_AFTER = 3;
const NO_CLOSE_FRAME = 1006;
const TOKEN_ENDED = 4501;

const within = (code, first, last) => code >= first && code <= last;

/** Milliseconds before the next attempt to connect, after a close `code` and this many `failures` in a row before it;
 * `chance`, from 0 to 1, spreads an audience that was cut off all at once. */
export function pause(code, failures, chance) {
  if (failures === 0 && (code === 1001 || code === 1012)) return 100 + chance * SOON_MS;
  const asked = within(code, 4400, 4499) || code === 1009;
  const longest = failures < SOON_FAILURES && !asked ? LONGEST_SOON_MS : LONGEST_MS;
  const first = asked ? FIRST_AFTER_44XX_MS : FIRST_MS;
  return Math.min(longest, first * 2 ** Math.min(failures, 10)) * (0.5 + chance / 2);
}

/** A connection that reconnects until it is stopped, or turned away. */
export class Upkeep {
  #dial;
  #tokens;
  #clock;
  #told;
  #dialed = null; // the socket, from its opening
  #link = null; // the same, from its welcome
  #http = false;
  #phase = { name: "connecting" };
  #failure = null;
  #waiters = [];
  #wake = null;
  #pinger = null;
  #shown = null; // the token of the last hello
  #stale = null; // how the current token was turned away
  #renewed = false; // a newer token has not been welcomed yet
  #renewedAt = 0;
  #welcomedAt = null;

  /** `dial(take)` resolves to a `Link`. `told` has these methods: `changed(state)`; `welcomed(link)`, called each time;
   * `blocked()`, called at each handshake that fails after several have; `take(message)`; `failed(error)`. */
  constructor({ dial, tokens, clock, told }) {
    this.#dial = dial;
    this.#tokens = tokens;
    this.#clock = clock;
    this.#told = told;
    this.voter = null;
    this.state = this.#phase;
  }

  /** The connection, if there is one right now. */
  get link() {
    return this.#link?.over === false ? this.#link : null;
  }

  /** Whether HTTP is used, as long as there is no connection. */
  get http() {
    return this.#http;
  }

  set http(works) {
    this.#http = works && !this.link && !this.#failure;
    this.#publish();
  }

  /** Resolves once the server can be reached; rejects with the error that ended the client. */
  reached() {
    if (this.#failure) return Promise.reject(this.#failure);
    if (this.link || this.#http) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  /** Connect, and stay connected. */
  async start() {
    let failures = 0;
    let unopened = 0;
    while (!this.#failure) {
      this.#enter({ name: "connecting" });
      const end = await this.#attempt();
      if (this.#failure) return;
      if (end.error instanceof Refused || end.error instanceof TurnedAway) {
        this.stop(end.error);
        return;
      }
      const lasted = this.#welcomedAt === null ? 0 : Date.now() - this.#welcomedAt;
      const rest = pause(end.code, lasted >= STEADY_MS ? 0 : failures, Math.random());
      failures = lasted >= STEADY_MS ? 1 : failures + 1;
      unopened = this.#welcomedAt === null && end.code === NO_CLOSE_FRAME ? unopened + 1 : 0;
      if (unopened >= BLOCKED_AFTER) this.#told.blocked();
      await this.#rest(rest, end);
    }
  }

  /** End permanently: callers that wait for the server get `error`. */
  stop(error) {
    if (this.#failure) return;
    this.#failure = error;
    this.#http = false;
    clearTimeout(this.#pinger);
    this.#dialed?.abort("the client is closing", 1000);
    this.#wake?.();
    this.#publish();
  }

  /** The network may be back, or the machine has slept: do not wait for the next attempt. */
  hurry() {
    if (this.link) this.#check(this.link, QUICK_PONG_MS);
    else if (this.#phase.hasty) this.#wake?.();
  }

  #rest(ms, { code, error }) {
    // Cut short by `hurry`, unless the server asked the client to wait.
    const hasty = !within(code, 4400, 4499);
    this.#enter({ name: "waiting", at: Date.now() + ms, error, hasty });
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** One connection from its opening to its end; returns how it ended, and never throws. */
  async #attempt() {
    this.#welcomedAt = null;
    try {
      await this.#freshen();
      const end = await this.#live();
      const error = new Unreachable(`The connection ended: ${end.reason || "no reason given"} (${end.code}).`);
      return { code: end.code, error: this.#verdict(end) ?? error };
    } catch (error) {
      const known = error instanceof Refused || error instanceof TurnedAway || error instanceof Unreachable;
      if (!known) this.#told.failed(error);
      return { code: NO_CLOSE_FRAME, error };
    }
  }

  #verdict({ code, reason }) {
    if (!within(code, 4500, 4599)) return null;
    const turned = new TurnedAway(code, reason);
    if (code !== TOKEN_ENDED || this.#renewed || !this.#tokens.renewable) return turned;
    this.#stale = turned;
    return null;
  }

  /** Make sure that there is a token which the server has not turned away. */
  async #freshen() {
    const token = await this.#tokens.get();
    if (!this.#stale) return;
    if (token === this.#shown && !(await this.#tokens.renew())) throw this.#stale;
    this.#stale = null;
    this.#renewed = true;
  }

  async #live() {
    const link = await this.#dial((message) => this.#hear(message));
    this.#dialed = link;
    if (this.#failure) link.abort("the client is closing", 1000);
    if (await this.#greet(link)) this.#welcome(link);
    else link.abort("no welcome");
    const end = await link.ended;
    clearTimeout(this.#pinger);
    this.#link = null;
    return end;
  }

  async #greet(link) {
    const token = await this.#tokens.get();
    this.#shown = token;
    const asked = Date.now();
    const answer = await link.ask({ type: "hello", token }, { ms: HELLO_MS });
    if (answer?.type !== "welcome") return false;
    this.#clock.learn(asked, Date.now(), answer.server_now);
    this.#renewed = false;
    this.voter = answer.voter;
    return !link.over;
  }

  #welcome(link) {
    this.#welcomedAt = Date.now();
    this.#link = link;
    this.#http = false;
    this.#publish();
    this.#told.welcomed(link);
    this.#keepAlive(link);
  }

  #keepAlive(link) {
    this.#pinger = setTimeout(async () => {
      await this.#check(link, PONG_MS);
      if (!link.over) this.#keepAlive(link);
    }, spread(PING_MS));
  }

  async #check(link, ms) {
    const asked = Date.now();
    const answer = await link.ask({ type: "ping" }, { ms });
    if (answer?.type === "pong") this.#clock.learn(asked, Date.now(), answer.server_now);
  }

  #hear(message) {
    if (message.type === "expiring") this.#renew(this.#dialed);
    else this.#told.take(message);
  }

  /** Send a newer token. If there is none, the link ends with its token, and the next link starts with a new one. */
  async #renew(link) {
    const recent = Date.now() - this.#renewedAt < REST_MS;
    if (!link || recent || !this.#tokens.renewable) return;
    this.#renewedAt = Date.now();
    try {
      if ((await this.#tokens.renew()) && !(await this.#greet(link)) && !link.over) {
        this.#told.failed(new Unreachable("The server did not accept the newer token."));
      }
    } catch (error) {
      this.#told.failed(error);
    }
  }

  #enter(phase) {
    this.#phase = phase;
    this.#wake = null;
    this.#publish();
  }

  #publish() {
    const state = this.#seen();
    const same = state.name === this.state.name && state.via === this.state.via && state.at === this.state.at;
    this.state = state;
    for (const { resolve, reject } of this.#settleable()) this.#failure ? reject(this.#failure) : resolve();
    if (!same) this.#told.changed(state);
  }

  #settleable() {
    return this.#failure || this.link || this.#http ? this.#waiters.splice(0) : [];
  }

  #seen() {
    if (this.#failure) {
      return { name: "closed", reason: this.#failure.message, code: this.#failure.code, error: this.#failure };
    }
    if (this.link) return { name: "open", via: "socket" };
    if (this.#http) return { name: "open", via: "http" };
    const { hasty, ...phase } = this.#phase;
    return phase;
  }
}
