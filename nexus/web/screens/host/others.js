/** What somebody else has done: told from what one did oneself, by what the answers to that said. Pure. */

const LATE_MS = 1000; // by which news of an end by the clock may be early
const PLAIN = { results: "control.other_results", end: "control.other_end" };

/** Follows a state `{shown, status, results, end}` of an event and the poll that it shows; `end` is in ms, or null. */
export class Others {
  #seen;
  #mine = {};

  constructor(state) {
    this.#seen = state;
  }

  /** An own act has been answered with these parts of a state. */
  did(parts) {
    for (const [part, value] of Object.entries(parts)) {
      if (this.#seen[part] === value) delete this.#mine[part];
      else this.#mine[part] = value;
    }
  }

  /** Take a newer state at the server's time `now`; returns the name of the sentence about what somebody else did, or the
   * clock, and null where nobody did anything. */
  take(state, now) {
    const before = this.#seen;
    this.#seen = state;
    if (state.shown !== before.shown) {
      const own = this.#isMine("shown", state.shown);
      this.#mine = {};
      if (own) return null;
      return state.shown === null ? "control.other_nothing" : "control.other_shown";
    }
    const changed = ["results", "end", "status"].filter((part) => state[part] !== before[part]);
    const [found] = changed.filter((part) => !this.#isMine(part, state[part])).slice(-1);
    return found ? told(found, state, before, now) : null;
  }

  #isMine(part, value) {
    const own = part in this.#mine && this.#mine[part] === value;
    if (own) delete this.#mine[part]; // what comes after that is another's
    return own;
  }
}

function told(part, { status }, before, now) {
  if (part !== "status") return PLAIN[part];
  if (status !== "closed") return "control.other_open";
  return before.end !== null && before.end <= now + LATE_MS ? "control.time_up" : "control.other_closed";
}
