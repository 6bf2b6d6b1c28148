/** A room: the newest state, however and in whatever order it arrived. No I/O. */

import { Emitter } from "./basics.js";

const EVENTS = ["totals", "poll", "presence", "votes", "deleted"];

/** The state of a room: `poll`, `totals`, `me`, `role`, `online`, `deleted`. `Room` shows it; the client feeds it. */
export class RoomState {
  #events = new Emitter(EVENTS);
  #places = new Map(); // op of this voter's ballot: the version at which it was learned of
  #floor = 0; // the version at which `me` was last set as a whole

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

  /** Take the snapshot that the server sends when the client comes back. */
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

  /** Take a message of the server about this room. */
  take(message) {
    if (message.type === "totals") this.takeTotals(message);
    else if (message.type === "poll") this.takePoll(message.poll);
    else if (message.type === "presence") this.#takePresence(message.online);
    else if (message.type === "deleted") this.end();
  }

  /** Take counts if they are newer than those shown. */
  takeTotals(totals) {
    if (!isNewer(totals, this.totals)) return;
    const round = this.totals?.epoch;
    this.totals = totals;
    if (round !== undefined && totals.epoch !== round) this.#forgetVotes(totals.version);
    this.#events.emit("totals", totals);
  }

  /** Take a definition unless it is older than the one shown. */
  takePoll(poll) {
    const order = compare([poll.epoch, poll.version], [this.poll.epoch, this.poll.version]);
    const older = order === 0 && Date.parse(poll.updated_at) < Date.parse(this.poll.updated_at);
    if (order < 0 || older) return;
    this.poll = poll;
    this.#events.emit("poll", poll);
  }

  /** Take the end of the poll: it is gone. */
  end() {
    if (this.deleted) return;
    this.deleted = true;
    this.#events.emit("deleted", this.id);
  }

  /** Take the answer to an act of this voter, and work out which of their ballots stand now. */
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
    if (status === "replayed") return; // what was withdrawn then is in no snapshot since
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

/** A poll that is watched; `client.join` returns it. What it shows never goes back.
 *
 * Events, with what their listeners get: `totals` (newer counts), `poll` (the definition or status changed), `presence`
 * (how many are watching), `votes` (this voter's ballots changed), `deleted` (the poll's id: it is gone, or this voter
 * no longer has access). */
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

  /** The newest definition and status; the counts in it are as old as itself, the newest ones are in `totals`. */
  get poll() {
    return this.#state.poll;
  }

  /** The newest counts. */
  get totals() {
    return this.#state.totals;
  }

  /** The ballots of this voter that count, `[{op, options, cast_at}]`, as far as this device knows. */
  get me() {
    return this.#state.me;
  }

  /** The role of this client here: `host`, `voter` or `screen`. */
  get role() {
    return this.#state.role;
  }

  /** How many are watching; null until the server has said so, and while there is no socket. */
  get online() {
    return this.#state.online;
  }

  /** Call `listener` at each event `name` from now on; returns a function that stops that. */
  on(name, listener) {
    return this.#state.on(name, listener);
  }

  /** Vote for one option or several (ids), in the round that this room shows; resolves to
   * `{op, poll, status, epoch, version, stands}` once the vote has committed. It waits through lost connections for as
   * long as the client exists.
   *
   * Rejects with `Refused` (`poll_closed`, `already_voted`, `poll_reset`, …), `Busy`, `Unsettled` if the client ends
   * first, or TypeError. */
  async vote(options) {
    const ids = Array.isArray(options) ? [...options] : [options];
    if (ids.length > 1000 || !ids.every(Number.isSafeInteger)) throw new TypeError("options must be ids of options");
    const many = this.poll.votes_per_user > 1;
    return this.#acts.act({ kind: "vote", poll: this.id, options: ids, epoch: this.totals.epoch, many });
  }

  /** Withdraw this voter's ballots, or the one whose op is `ballot`; otherwise as `vote`. */
  async retract(ballot) {
    if (ballot !== undefined && typeof ballot !== "string") throw new TypeError("a ballot must be named by its op");
    return this.#acts.act({ kind: "retract", poll: this.id, ballot });
  }

  /** Read everything again, this voter's ballots too: another device may have changed them, which the server doesn't
   * announce. The client does so by itself when it has a reason to. Resolves once that is done, or at once without a
   * connection. */
  async refresh() {
    await this.#acts.refresh(this.id);
  }

  /** Stop watching: no event comes after this, unless an event is followed that shows this poll. */
  leave() {
    this.#acts.leave(this.id);
  }
}

/** The order of totals: by `(epoch, version)`, and where these are equal, full totals after turnout alone
 * (docs/contract.md, "Words"). */
function rank(totals) {
  return [totals.epoch, totals.version, totals.visibility === "full" ? 1 : 0];
}

/** Less than, equal to or greater than zero, as list `a` is less than, equal to or greater than `b`. */
function compare(a, b) {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at < 0 ? 0 : a[at] - b[at];
}

/** Whether `totals` should replace `shown`; anything replaces nothing. */
export function isNewer(totals, shown) {
  return !shown || compare(rank(totals), rank(shown)) > 0;
}
