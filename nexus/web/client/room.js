/** A room: the newest of everything, whichever way and in whatever order it came. No I/O. */

import { Emitter } from "./basics.js";
import { compare, isNewer } from "./order.js";

const EVENTS = ["totals", "poll", "presence", "votes", "deleted"];

/** What a room knows: `poll`, `totals`, `me`, `role`, `online`, `deleted`. `Room` shows it; the client feeds it. */
export class RoomState {
  #events = new Emitter(EVENTS);
  #places = new Map(); // op of an own ballot: the version at which it was heard of
  #floor = 0; // the version of what `me` was last set by as a whole

  constructor(joined) {
    this.poll = joined.poll;
    this.totals = joined.totals;
    this.role = joined.role;
    this.me = [];
    this.online = null;
    this.deleted = false;
    this.#setVotes(joined.me, joined.poll.version);
  }

  /** The poll's id. */
  get id() {
    return this.poll.id;
  }

  /** As `Room.on`. */
  on(name, listener) {
    return this.#events.on(name, listener);
  }

  /** The snapshot of coming back. */
  enter({ poll, totals, me, role }) {
    this.role = role;
    const { updated_at: updated, status } = this.poll;
    if (poll.updated_at !== updated || poll.status !== status || poll.epoch !== this.poll.epoch) this.takePoll(poll);
    if (totals) this.takeTotals(totals);
    if (poll.epoch < this.poll.epoch || poll.version < this.#floor) return;
    const before = JSON.stringify(this.me);
    const later = this.me.filter(({ op }) => this.#places.get(op) > poll.version && !me.some((one) => one.op === op));
    const places = later.map(({ op }) => [op, this.#places.get(op)]);
    this.#setVotes([...me, ...later], poll.version);
    for (const [op, version] of places) this.#places.set(op, version); // acknowledged after that snapshot
    if (JSON.stringify(this.me) !== before) this.#events.emit("votes", this.me);
  }

  /** A message of the server about this room. */
  take(message) {
    if (message.type === "totals") this.takeTotals(message);
    else if (message.type === "poll") this.takePoll(message.poll);
    else if (message.type === "presence") this.#takePresence(message.online);
    else if (message.type === "deleted") this.end();
  }

  /** Counts, unless they are not newer than what is shown. */
  takeTotals(totals) {
    if (!isNewer(totals, this.totals)) return;
    const round = this.totals?.epoch;
    this.totals = totals;
    if (round !== undefined && totals.epoch !== round) this.#forgetVotes(totals.version);
    this.#events.emit("totals", totals);
  }

  /** A definition, unless it is older than the one that is shown. */
  takePoll(poll) {
    const order = compare([poll.epoch, poll.version], [this.poll.epoch, this.poll.version]);
    const older = order === 0 && Date.parse(poll.updated_at) < Date.parse(this.poll.updated_at);
    if (order < 0 || older) return;
    this.poll = poll;
    this.#events.emit("poll", poll);
  }

  /** The poll is gone. */
  end() {
    if (this.deleted) return;
    this.deleted = true;
    this.#events.emit("deleted", this.id);
  }

  /** An own act was answered: what stands now, as far as can be told from here. */
  settled(act, receipt) {
    if (receipt.epoch !== (this.totals?.epoch ?? this.poll.epoch)) return;
    const before = this.me;
    if (act.kind === "vote") this.#voted(act, receipt);
    else this.#retracted(act, receipt);
    if (this.me !== before) this.#events.emit("votes", this.me);
  }

  #voted({ op, options, made }, { status, version, stands }) {
    const replayed = status === "replayed";
    if (!stands) {
      if (this.me.some((ballot) => ballot.op === op)) this.#drop((ballot) => ballot.op === op);
      return;
    }
    if (this.#places.has(op) || (!replayed && version < this.#floor)) return;
    const ballot = { op, options, cast_at: new Date(made).toISOString() };
    if (this.poll.votes_per_user === 1) {
      this.#setVotes([ballot], Math.max(version, this.#floor));
    } else {
      this.#places.set(op, version);
      this.me = [...this.me, ballot];
    }
  }

  #retracted({ ballot }, { status, version }) {
    if (status === "replayed") return; // what was taken back then is not in any snapshot since
    this.#drop((one) => (ballot ? one.op === ballot : this.#places.get(one.op) <= version));
    if (!ballot) this.#floor = Math.max(this.#floor, version);
  }

  #drop(which) {
    const gone = this.me.filter(which);
    if (!gone.length) return;
    for (const { op } of gone) this.#places.delete(op);
    this.me = this.me.filter((ballot) => !gone.includes(ballot));
  }

  #forgetVotes(version) {
    const had = this.me.length > 0;
    this.#setVotes([], 0);
    this.#floor = version;
    if (had) this.#events.emit("votes", this.me);
  }

  #setVotes(ballots, version) {
    this.me = ballots;
    this.#floor = version;
    this.#places = new Map(ballots.map(({ op }) => [op, version]));
  }

  #takePresence(online) {
    if (online === this.online) return;
    this.online = online;
    this.#events.emit("presence", online);
  }
}

/** A poll that is watched; `client.join` gives it. What it shows never goes back.
 *
 * Events, with what their listeners get: `totals` (newer counts), `poll` (the definition or status changed), `presence`
 * (how many watch), `votes` (the own ballots changed), `deleted` (the poll's id: it is gone, or gone for this voter). */
export class Room {
  #state;
  #acts;

  constructor(state, acts) {
    this.#state = state;
    this.#acts = acts;
  }

  /** The poll's id. */
  get id() {
    return this.#state.id;
  }

  /** The newest definition and status; the counts in it are only as new as itself: `totals` is what moves. */
  get poll() {
    return this.#state.poll;
  }

  /** The newest counts. */
  get totals() {
    return this.#state.totals;
  }

  /** The own ballots that stand, `[{op, options, cast_at}]`, as far as this device knows. */
  get me() {
    return this.#state.me;
  }

  /** What this voter is here: `host`, `voter` or `screen`. */
  get role() {
    return this.#state.role;
  }

  /** How many watch; null before that was said, and while there is no socket. */
  get online() {
    return this.#state.online;
  }

  /** Call `listener` at each event `name` from now on; gives the function that ends that. */
  on(name, listener) {
    return this.#state.on(name, listener);
  }

  /** Vote for one option or several (ids), in the round that this room shows: `{op, poll, status, epoch, version, stands}`
   * once the vote has committed. It waits through lost connections for as long as the client lives.
   *
   * Rejects with `Refused` (`poll_closed`, `already_voted`, `poll_reset`, …), `Busy`, `Unsettled` if the client ends
   * first, or TypeError. */
  async vote(options) {
    const ids = Array.isArray(options) ? [...options] : [options];
    if (ids.length > 1000 || !ids.every(Number.isSafeInteger)) throw new TypeError("options are ids of options");
    const many = this.poll.votes_per_user > 1;
    return this.#acts.act({ kind: "vote", poll: this.id, options: ids, epoch: this.totals.epoch, many });
  }

  /** Take back the own ballots, or the one whose op is `ballot`; else as `vote`. */
  async retract(ballot) {
    if (ballot !== undefined && typeof ballot !== "string") throw new TypeError("a ballot is named by its op");
    return this.#acts.act({ kind: "retract", poll: this.id, ballot });
  }

  /** Read everything anew, the own ballots too: another device of this voter may have changed them, which nobody is told.
   * The client does so by itself where it has reason to. Resolves once that is done, or there is no connection. */
  async refresh() {
    await this.#acts.refresh(this.id);
  }

  /** Watch no more: no event comes after this. */
  leave() {
    this.#acts.leave(this.id);
  }
}
