/** What a presenter does to what is shown, and the next sensible step for those who have only a clicker. */

import { Refused } from "../../client.js";
import { reason, say } from "../words.js";
import { veiled } from "./stage.js";

const UNDO_MS = 10_000;
const STEP_MS = 700; // after a step, in which the screen follows: a doubled press is one step

/** The acts for what `place` shows, a room or an event of `client`; `tell(text, offer)` says what came of one, with an offer
 * `{label, act}` or null. */
export class Acts {
  #client;
  #place;
  #tell;
  #before = "host"; // the policy that hid the results
  #revealed = null; // the poll whose results this stage has shown
  #closed = null; // the poll that it has closed, and when
  #stepping = false;

  constructor(client, place, tell) {
    this.#client = client;
    this.#place = place;
    this.#tell = tell;
  }

  /** Open voting, or reopen it. */
  open = () => this.#status !== "open" && this.#post("open");

  /** Open voting for so many seconds from now, or let it end then. */
  countdown = (seconds) => this.#post("open", { seconds });

  /** Close voting, and offer to take that back. */
  close = async () => {
    const poll = this.#room?.id;
    if (this.#status !== "open" || !(await this.#post("close"))) return;
    this.#closed = { poll, at: performance.now() };
    const undo = () => this.#room?.id === poll && this.undo();
    this.#tell(say("live.closed_now"), { label: say("live.undo"), act: undo, for: UNDO_MS });
  };

  /** Take the close back: voting is open again, with the votes it has. */
  undo = () => {
    this.#closed = null;
    return this.open();
  };

  /** Show the results on every screen, or hide them again under the policy that hid them before. */
  reveal = async () => {
    if (!this.#room) return this.#tell(say("stage.nothing"), null);
    const { poll } = this.#room;
    const hidden = veiled(poll, this.#status);
    if (hidden) this.#before = poll.results;
    const again = veiled({ results: this.#before }, this.#status) ? this.#before : "host";
    const results = hidden ? "live" : again;
    const done = await this.#do(() => this.#client.call("PATCH", `/polls/${poll.id}/`, { results }));
    if (done) this.#revealed = hidden ? poll.id : null;
  };

  /** The next step: open, show results that the host has hidden, close, and show them if they are hidden still. In an event
   * the next poll, once the results of this one are seen: that closes it. */
  next = () => this.#step(() => this.#nextAct());

  #nextAct() {
    if (!this.#room) return this.#move("next");
    const { poll } = this.#room;
    const status = this.#status;
    if (status !== "open" && status !== "closed") return this.open();
    const { event } = this.#place;
    const hidden = veiled(poll, status);
    if (hidden && (poll.results === "host" || status === "closed")) return this.reveal();
    if (status === "open" && (hidden || !event)) return this.close();
    return event ? this.#move("next") : this.#tell(say("live.last_step"), null);
  }

  /** A step back: a close that was just now, or results that were shown from here; in an event else the poll before. */
  previous = () => this.#step(() => this.#previousAct());

  #previousAct() {
    const { id, poll } = this.#room ?? {};
    const recent = this.#closed?.poll === id && performance.now() - this.#closed.at < UNDO_MS;
    if (id && this.#status === "closed" && recent) return this.undo();
    if (id && this.#revealed === id && !veiled(poll, this.#status)) return this.reveal();
    return this.#place.event ? this.#move("previous") : this.#tell(say("live.no_step"), null);
  }

  /** Move everybody who follows the event. Whoever was quicker has moved them already, and this screen too. */
  #move(step) {
    const { id, event } = this.#place;
    const body = { from: event.shown };
    this.#closed = this.#revealed = null; // steps back lead to the poll before
    const quicker = (error) => {
      if (error.code !== "event_moved") throw error;
    };
    return this.#do(() => this.#client.call("POST", `/events/${id}/${step}/`, body).catch(quicker));
  }

  async #step(act) {
    if (this.#stepping) return;
    this.#stepping = true;
    await act();
    setTimeout(() => (this.#stepping = false), STEP_MS);
  }

  get #room() {
    return this.#place.event ? this.#place.room : this.#place;
  }

  get #status() {
    return this.#room?.totals.status;
  }

  #post(name, body) {
    if (!this.#room) return this.#tell(say("stage.nothing"), null);
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
