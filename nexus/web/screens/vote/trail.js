/** What becomes of votes in questions that an event has left: pure rules over what was under way. No I/O. */

const SENDING = "sending";
const WORST_FIRST = ["lost", "late", SENDING]; // of several ballots

/** The votes in one question that was left. */
class Left {
  #states = new Map(); // how each act stands, by its op
  #stood;
  #many = false;
  error = null;

  constructor(question, stood, unsent) {
    this.question = question;
    this.#stood = stood; // a ballot counted before these acts
    this.unsent = unsent; // a choice was picked, and never sent
  }

  /** Take an act without an answer. */
  sent({ op, many = false }) {
    this.#many = many;
    this.#states.set(op, SENDING);
  }

  /** Take an act and its answer: `error`, or null. */
  answered({ op, kind, many = false }, error) {
    this.#many = many;
    this.error = error ?? this.error;
    this.#states.set(op, this.#outcome(kind, error));
    if (!error) this.#stood = kind === "vote";
  }

  #outcome(kind, error) {
    if (!error) return kind === "vote" ? "counts" : "withdrawn";
    if (error.code !== "poll_closed") return "lost";
    if (kind === "retract") return "counts"; // the ballot stands
    return this.#stood && !this.#many ? "late_change" : "late";
  }

  /** Whether everything has its answer. */
  get isSettled() {
    return ![...this.#states.values()].includes(SENDING);
  }

  /** How it stands: of several ballots the worst, else the last act; null where there was none. */
  get state() {
    const states = [...this.#states.values()];
    const worst = this.#many && WORST_FIRST.find((one) => states.includes(one));
    return worst || (states.pop() ?? null);
  }
}

/** The questions that were left with something under way. */
export class Trail {
  #left = new Map(); // by the poll's id

  /** The event leaves the question of `poll`: `acts` are without an answer, `settled` (`[{act, error}]`) have one that
   * nobody may have read yet; whether a ballot `stood`, and whether a choice was left `unsent`. What was told before is over,
   * unless it is still under way. */
  leave(given) {
    for (const [id, left] of this.#left) if (left.isSettled) this.#left.delete(id);
    this.recall(given);
  }

  /** As `leave`, of a question that an earlier page has left. */
  recall({ poll, question, acts = [], settled = [], stood = false, unsent = false }) {
    if (!acts.length && !settled.length && !unsent) return;
    const left = new Left(question, stood, unsent);
    this.#left.set(poll, left);
    for (const { act, error } of settled) left.answered(act, error);
    for (const act of acts) left.sent(act);
  }

  /** Take the answer to `act`: `error`, or null. */
  answered(act, error) {
    this.#left.get(act.poll)?.answered(act, error);
  }

  /** What is to be said, oldest first: `{name, question, error}`, where `name` is that of a sentence and `error` says why a
   * vote is `lost`. */
  get news() {
    return [...this.#left.values()].flatMap(({ question, state, unsent, error }) => [
      ...(state ? [{ name: state, question, error }] : []),
      ...(unsent ? [{ name: "unsent", question, error: null }] : []),
    ]);
  }
}
