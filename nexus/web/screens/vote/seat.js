/** A voter in a room: a tap becomes an act, and its outcome is shown. */

import { Busy, Refused } from "../../client.js";
import { everySecond, msLeft, timeLeft } from "../time.js";
import { reason, say } from "../words.js";
import { choices, modeOf, standingChoice, stillThere, toggled } from "./choice.js";
import { Paper } from "./paper.js";

/** One voter's seat in `room`, whose paper is `sheet`; `note`, if there is one, stays on it. `gone` is called where the poll
 * is deleted. */
export class Seat {
  #client;
  #room;
  #paper;
  #picked;
  #lost = new Set(); // the options of a vote that does not count
  #ends;
  #round; // the epoch that is shown
  #unheard = false; // a choice was made and is not sent yet
  #stood = false; // a ballot stood when this was last shown
  #retracting = false;

  constructor({ client, room, sheet, note, gone }) {
    this.#client = client;
    this.#room = room;
    const acts = { choose: (id) => this.#choose(id), send: () => this.#send(), retract: () => this.#retract() };
    this.#paper = new Paper(sheet, acts);
    if (note) this.#paper.note(note);
    this.#picked = standingChoice(room.poll, room.me);
    const now = () => client.now();
    const tick = () => this.#paper.tick(timeLeft(room.poll, room.totals.status, now()), msLeft(room.poll, now()));
    this.#show();
    this.#ends = [
      room.on("totals", () => this.#show()),
      room.on("poll", () => this.#redefined()),
      room.on("votes", () => this.#voted()),
      room.on("deleted", gone),
      client.on("settled", ({ act, error }) => this.#settled(act, error)),
      client.on("state", () => this.#show()),
      everySecond(now, tick),
    ];
  }

  /** Its room. */
  get room() {
    return this.#room;
  }

  /** Whether a ballot stands, and whether a choice was picked and never sent. */
  get left() {
    const standing = standingChoice(this.#room.poll, this.#room.me);
    const same = standing.size === this.#picked.size && [...standing].every((id) => this.#picked.has(id));
    return { stood: this.#room.me.length > 0, unsent: this.#unheard && this.#picked.size > 0 && !same };
  }

  /** Get up: nothing is shown any more. */
  end() {
    for (const end of this.#ends) end();
  }

  get #view() {
    const { poll, totals, me } = this.#room;
    const acts = this.#client.pending.filter((act) => act.poll === poll.id);
    const { name } = this.#client.state;
    const how = { inTouch: name === "open", over: name === "closed" };
    return choices({ poll, totals, me, acts, picked: this.#picked, lost: this.#lost, unsent: this.#unheard, ...how });
  }

  #show() {
    this.#paper.show(this.#room.poll, this.#room.totals, this.#view);
    this.#round = this.#room.totals.epoch;
    this.#stood = this.#room.me.length > 0;
  }

  #choose(id) {
    const view = this.#view;
    if (!view.mayVote) return;
    this.#begin();
    const { max_choices: max } = this.#room.poll;
    if (modeOf(this.#room.poll) === "pick") {
      const next = toggled(this.#picked, id, max);
      if (!next) this.#paper.answer(id, say("vote.too_many", { n: max }));
      this.#picked = next ?? this.#picked;
      this.#unheard = true;
      this.#show();
    } else if (view.mode !== "tap" || !this.#isUnderWay(id)) {
      // A choice that seems to stand is sent too: another device may have changed it, and only the server knows.
      this.#act(this.#room.vote(id));
    }
  }

  /** A new act: what was said of the one before is over. */
  #begin() {
    this.#paper.complain("");
    this.#lost = new Set();
  }

  #isUnderWay(id) {
    const sending = this.#client.pending.filter(({ poll, kind }) => poll === this.#room.id && kind === "vote");
    return sending.pop()?.options.includes(id);
  }

  #send() {
    if (!this.#picked.size) {
      this.#paper.complain(say("vote.none_picked"));
      return;
    }
    this.#begin();
    this.#unheard = false;
    const ids = [...stillThere(this.#picked, this.#room.poll)];
    if (this.#room.poll.votes_per_user > 1) this.#picked = new Set();
    this.#act(this.#room.vote(ids));
  }

  #retract() {
    this.#begin();
    this.#retracting = true;
    const several = this.#room.poll.votes_per_user > 1;
    this.#act(this.#room.retract(several ? this.#room.me.slice(-1)[0]?.op : undefined));
  }

  /** Show that an act is under way. Its outcome arrives as `settled`, as do those of acts of an earlier page. */
  #act(act) {
    this.#show();
    act.catch((error) => {
      if (error instanceof Busy) this.#paper.complain(say("vote.busy"));
      else if (!(error instanceof Refused)) this.#show(); // the client has ended: say that waiting votes are kept
    });
  }

  #settled(act, error) {
    if (act.poll !== this.#room.id) return;
    if (error) this.#paper.complain(whyNot(act, error), error.code === "poll_reset" ? "warn" : "bad");
    if (error) this.#picked = standingChoice(this.#room.poll, this.#room.me);
    this.#lost = new Set(error ? act.options : []);
    if (act.kind === "retract") this.#retracting = false;
    this.#show();
  }

  #voted() {
    if (!this.#unheard) this.#picked = standingChoice(this.#room.poll, this.#room.me);
    const afresh = this.#room.totals.epoch !== this.#round;
    const lost = this.#stood && !this.#room.me.length && !this.#retracting && this.#view.mayVote;
    if (lost) this.#paper.complain(say(afresh ? "vote.refused_poll_reset" : "vote.lost"), afresh ? "warn" : "bad");
    this.#show();
  }

  /** A removed option must not count towards those that can be picked. */
  #redefined() {
    this.#picked = stillThere(this.#picked, this.#room.poll);
    this.#show();
  }
}

/** Why an act does not count, in words. */
function whyNot({ kind }, error) {
  return kind === "vote" && error.code === "poll_closed" ? say("vote.closed_lost") : reason(error);
}
