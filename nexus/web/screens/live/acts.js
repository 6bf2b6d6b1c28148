/** What a presenter does to a poll, and the next sensible step for those who have only a clicker. */

import { Refused } from "../../client.js";
import { reason, say } from "../words.js";
import { veiled } from "./stage.js";

const UNDO_MS = 10_000;
const STEP_MS = 700; // after a step, in which the screen follows: a doubled press is one step

/** The acts for `room` of `client`; `tell(text, offer)` says what came of one, with an offer `{label, act}` or null. */
export class Acts {
  #client;
  #room;
  #tell;
  #before = "host"; // the policy that hid the results
  #revealed = false; // by this stage
  #closedAt = -Infinity;
  #stepping = false;

  constructor(client, room, tell) {
    this.#client = client;
    this.#room = room;
    this.#tell = tell;
  }

  /** Open voting, or reopen it. */
  open = () => this.#status !== "open" && this.#post("open");

  /** Open voting for so many seconds from now, or let it end then. */
  countdown = (seconds) => this.#post("open", { seconds });

  /** Close voting, and offer to take that back. */
  close = async () => {
    if (this.#status !== "open" || !(await this.#post("close"))) return;
    this.#closedAt = performance.now();
    this.#tell(say("live.closed_now"), { label: say("live.undo"), act: this.undo, for: UNDO_MS });
  };

  /** Take the close back: voting is open again, with the votes it has. */
  undo = () => {
    this.#closedAt = -Infinity;
    return this.open();
  };

  /** Show the results on every screen, or hide them again under the policy that hid them before. */
  reveal = async () => {
    const { poll } = this.#room;
    const hidden = veiled(poll, this.#status);
    if (hidden) this.#before = poll.results;
    const again = veiled({ results: this.#before }, this.#status) ? this.#before : "host";
    const results = hidden ? "live" : again;
    const done = await this.#do(() => this.#client.call("PATCH", `/polls/${poll.id}/`, { results }));
    if (done) this.#revealed = hidden;
  };

  /** The next step: open, show results that the host has hidden, close, and show them if they are hidden still. */
  next = () => this.#step(() => this.#nextAct());

  #nextAct() {
    const { poll } = this.#room;
    const status = this.#status;
    if (status !== "open" && status !== "closed") return this.open();
    if (veiled(poll, status) && (poll.results === "host" || status === "closed")) return this.reveal();
    if (status === "open") return this.close();
    return this.#tell(say("live.last_step"), null);
  }

  /** A step back: a close that was just now, or results that were shown from here. */
  previous = () => this.#step(() => this.#previousAct());

  #previousAct() {
    if (this.#status === "closed" && performance.now() - this.#closedAt < UNDO_MS) return this.undo();
    if (this.#revealed && !veiled(this.#room.poll, this.#status)) return this.reveal();
    return this.#tell(say("live.no_step"), null);
  }

  async #step(act) {
    if (this.#stepping) return;
    this.#stepping = true;
    await act();
    setTimeout(() => (this.#stepping = false), STEP_MS);
  }

  get #status() {
    return this.#room.totals.status;
  }

  #post(name, body) {
    return this.#do(() => this.#client.call("POST", `/polls/${this.#room.poll.id}/${name}/`, body));
  }

  /** Whether `act` was done. */
  async #do(act) {
    try {
      await act();
      this.#tell("", null);
      return true;
    } catch (error) {
      const why = error instanceof Refused ? reason(error) : say("shared.unreachable");
      this.#tell(say("live.failed", { reason: why }), null);
      return false;
    }
  }
}
