/** Rooms without a socket: their state, read over HTTP. */

import { Refused } from "./basics.js";

/** Reads rooms over HTTP; an unchanged one costs a 304. */
export class Polling {
  #rest;
  #clock;
  #tags = new WeakMap();

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

  /** Why there is no socket, in a sentence; the server logs it for its operator. Rejects as `Rest.call`. */
  async why() {
    return (await this.#body("POST", "/health/socket")).detail;
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

  async #body(method, path, body) {
    return (await this.#rest.call(method, path, { body })).body;
  }

  #role(poll) {
    const { sub, roles } = this.me;
    if (roles.includes("screen")) return "screen";
    return poll.created_by === sub || roles.includes("admin") ? "host" : "voter";
  }
}

function frame({ poll, epoch, version, status, visibility, final, voters, total_votes, options, server_now }) {
  const counts = options.map(({ id, votes_count }) => ({ id, votes_count }));
  const place = { poll, epoch, version, status, visibility, final };
  return { type: "totals", ...place, voters, total_votes, options: counts, server_now };
}
