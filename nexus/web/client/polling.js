/** Rooms without a socket: what HTTP can tell of them. */

import { Refused } from "./basics.js";

/** Reads rooms by HTTP; what is as it was costs a 304. */
export class Polling {
  #rest;
  #clock;
  #tags = new WeakMap();

  constructor(rest, clock) {
    this.#rest = rest;
    this.#clock = clock;
    /** Whom the token proves, `{sub, roles}`, once `greet` has asked. */
    this.me = null;
  }

  /** Find out whether HTTP works, and for whom. Rejects as `Rest.call`. */
  async greet() {
    this.me = (await this.#rest.call("GET", "/auth/me/")).body;
  }

  /** What a socket's `joined` would say of the poll with this id or code. */
  async join(target) {
    const poll =
      typeof target === "string" ? await this.#body("POST", "/polls/join/", { code: target }) : await this.#poll(target);
    const role = this.#role(poll);
    const totals = await this.#results(poll.id);
    const me = role === "screen" ? [] : (await this.#body("GET", `/polls/${poll.id}/vote/`)).votes;
    return { poll, totals: frame(totals.body), me, role };
  }

  /** Bring a room up to date, or to its end where its poll is gone. */
  async refresh(state) {
    try {
      const results = await this.#results(state.id, this.#tags.get(state));
      if (results.status === 304) return;
      state.takePoll(await this.#poll(state.id)); // results do not tell of every change of a definition
      state.takeTotals(frame(results.body));
      this.#tags.set(state, results.etag); // only now: what came before this must not be missed
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
