/** Rooms without a socket: their state, read over HTTP. */

import { Refused, Unreachable, spread } from "./basics.js";

const REST_MS = 2000;
const REST_HIDDEN_MS = 15_000;
const MOST_FAILURES = 3; // in a row: then a server counts as out of reach
const TRIES = 3; // in a row, for an event that changes meanwhile

/** Reads rooms over HTTP; an unchanged one costs a 304. */
export class Polling {
  #rest;
  #clock;
  #tags = new WeakMap();
  #explained = false;
  #wake = null;

  constructor(rest, clock) {
    this.#rest = rest;
    this.#clock = clock;
    /** Whose token it is, `{sub, roles}`; known once `greet` has resolved. */
    this.me = null;
  }

  /** Find out whether HTTP works, and whose token this is. Rejects as `Rest.call`. */
  async greet() {
    this.me = (await this.#rest.call("GET", "/auth/me/")).body;
  }

  /** Call `refresh` again and again, as long as `upkeep` uses HTTP, and end that once the server can't be reached. Rejects
   * with anything else that `refresh` rejects with. */
  async run(upkeep, refresh) {
    this.#explain();
    let failures = 0;
    try {
      while (upkeep.http) {
        let rest = spread(globalThis.document?.hidden ? REST_HIDDEN_MS : REST_MS);
        try {
          await refresh();
          failures = 0;
        } catch (error) {
          if (!(error instanceof Unreachable)) throw error;
          failures += 1;
          rest = Math.max(rest, error.afterMs);
          if (failures >= MOST_FAILURES) upkeep.http = false;
        }
        await this.#pause(rest);
      }
    } finally {
      upkeep.http = false;
    }
  }

  /** Something may have changed: do not wait for the next look. */
  wake() {
    this.#wake?.();
  }

  #pause(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Tell the operator, once, why this page uses HTTP: in the server's log, and in the console. */
  async #explain() {
    if (this.#explained) return;
    this.#explained = true;
    try {
      console.warn(`Nexus uses HTTP, since no WebSocket opens. ${(await this.#body("POST", "/health/socket")).detail}`);
    } catch (error) {
      this.#explained = !(error instanceof Unreachable); // the next time then; an older server does not know
    }
  }

  /** The content of a socket's `joined` for the poll with this id or code. */
  async join(target) {
    const poll =
      typeof target === "string" ? await this.#body("POST", "/polls/join/", { code: target }) : await this.#poll(target);
    const role = this.#role(poll);
    const totals = await this.#results(poll.id);
    const me = role === "screen" ? [] : (await this.#body("GET", `/polls/${poll.id}/vote/`)).votes;
    return { poll, totals: frame(totals.body), me, role };
  }

  /** The content of a socket's `entered` for the event of this id; for a code that of `entered` or `joined`, of whatever it
   * stands for. */
  async enter(target) {
    if (typeof target === "number") return this.#shown(await this.#event(target));
    try {
      return await this.join(target);
    } catch (error) {
      if (error.code !== "poll_not_found") throw error;
    }
    return this.#shown(await this.#body("POST", "/events/join/", { code: target }));
  }

  /** What is new of an event, as a socket's `shown` has it, with the role; null where nothing is. */
  async news(known) {
    const event = await this.#event(known.id);
    if (event.revision <= known.revision) return null;
    return event.shown === known.shown ? { event, role: this.#role(event) } : this.#shown(event);
  }

  /** An event with the poll that it shows, read until they belong together. */
  async #shown(event) {
    for (let tried = 0; tried < TRIES; tried += 1) {
      const nothing = { poll: null, totals: null, me: [] };
      try {
        const shown = event.shown === null ? nothing : await this.join(event.shown);
        return { event, ...shown, role: this.#role(event) };
      } catch (error) {
        if (error.code !== "poll_not_found") throw error;
        event = await this.#event(event.id); // what it showed has been deleted since
      }
    }
    throw new Unreachable("The event changes all the time.");
  }

  /** Bring a room up to date, or end it if its poll is gone. */
  async refresh(state) {
    try {
      const results = await this.#results(state.id, this.#tags.get(state));
      if (results.status === 304) return;
      state.takePoll(await this.#poll(state.id)); // results do not show every change of a definition
      state.takeTotals(frame(results.body));
      this.#tags.set(state, results.etag); // only now, so that no change is missed
    } catch (error) {
      if (error instanceof Refused && error.code === "poll_not_found") state.end();
      else throw error;
    }
  }

  async #results(id, etag) {
    const answer = await this.#rest.call("GET", `/polls/${id}/results/`, { etag });
    if (answer.body) this.#clock.learn(answer.asked, answer.answered, answer.body.server_now);
    return answer;
  }

  #poll(id) {
    return this.#body("GET", `/polls/${id}/`);
  }

  #event(id) {
    return this.#body("GET", `/events/${id}/`);
  }

  async #body(method, path, body) {
    return (await this.#rest.call(method, path, { body })).body;
  }

  #role({ created_by: owner, hosts = [] }) {
    const { sub, roles } = this.me;
    if (roles.includes("screen")) return "screen";
    return [owner, ...hosts].includes(sub) || roles.includes("admin") ? "host" : "voter";
  }
}

function frame({ poll, epoch, version, status, visibility, final, voters, total_votes, options, server_now }) {
  const counts = options.map(({ id, votes_count }) => ({ id, votes_count }));
  const place = { poll, epoch, version, status, visibility, final };
  return { type: "totals", ...place, voters, total_votes, options: counts, server_now };
}
