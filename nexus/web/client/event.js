/** Events: one code for a whole show. The server moves whoever follows one from poll to poll. */

import { Emitter, Refused, Unreachable } from "./basics.js";

const EVENTS = ["shown", "presence", "deleted"];
const GONE = new Set([403, 404]);
const HOW = "followed"; // how a room is entered that the server moves this client to

const gone = (error) => error instanceof Refused && (error.code === "event_not_found" || GONE.has(error.status));
const runs = (event, voter) => event.created_by === voter || event.hosts.includes(voter);

/** The state of an event that is followed. `EventRoom` shows it; `Following` feeds it. No I/O. */
class EventState {
  #events = new Emitter(EVENTS);

  constructor(event) {
    this.event = event;
    this.room = null;
    this.role = null;
    this.online = null;
  }

  /** As `EventRoom.on`. */
  on(name, listener) {
    return this.#events.on(name, listener);
  }

  /** Take the event as it is now, and the room of what it shows. */
  take(event, room) {
    const same = event.revision === this.event.revision && room === this.room;
    this.event = event;
    this.room = room;
    if (!same) this.#events.emit("shown", { event, room });
  }

  /** Take how many follow. */
  takePresence(online) {
    if (online === this.online) return;
    this.online = online;
    this.#events.emit("presence", online);
  }

  /** Take the end of the event: it is gone. */
  end() {
    this.room = null;
    this.#events.emit("deleted", this.event.id);
  }
}

/** An event that is followed; `client.enter` returns it. What it shows never goes back.
 *
 * Events, with what their listeners get: `shown` (`{event, room}`, each newer revision: another poll is shown, or the event
 * has changed), `presence` (how many follow), `deleted` (the event's id: it is gone, or this voter no longer has access). */
export class EventRoom {
  #state;
  #leave;

  constructor(state, leave) {
    this.#state = state;
    this.#leave = leave;
  }

  /** The event's id. */
  get id() {
    return this.#state.event.id;
  }

  /** The newest state of the event, as REST shows it: title, run sheet, what is shown, revision. */
  get event() {
    return this.#state.event;
  }

  /** The room of the poll that is shown, or null; the same object for as long as that poll is shown. A room that the event
   * has left behind says nothing more; votes in it that are under way are still answered. */
  get room() {
    return this.#state.room;
  }

  /** The role of this client here: `host`, `voter` or `screen`. */
  get role() {
    return this.#state.role;
  }

  /** How many follow; null until the server has said so. */
  get online() {
    return this.#state.online;
  }

  /** Call `listener` at each event `name` from now on; returns a function that stops that. */
  on(name, listener) {
    return this.#state.on(name, listener);
  }

  /** Stop following: no event comes after this. */
  leave() {
    this.#leave();
  }
}

/** The events that a client follows. */
export class Following {
  #client;
  #entries = new Map(); // by the event's id: {state, as, place}
  #entering = new Map();

  /** `client` is what this needs of the client: its `upkeep`; `polling()`, while HTTP is used; `enter(message,
   * overHttp, admit)` and `ask(link, message, first)`, which send a join; `admit(joined, as, how)` and `rise(poll, how)`,
   * which let into a poll and out; and `fail(error)`. */
  constructor(client) {
    this.#client = client;
  }

  get #link() {
    return this.#client.upkeep.link;
  }

  get #voter() {
    return this.#client.upkeep.voter;
  }

  /** Whether this event is followed. */
  has(id) {
    return this.#entries.has(id);
  }

  /** Enter the event of this id, or what the code `key` stands for: an `EventRoom`, or a poll's `Room`. */
  async enter(key, as) {
    const known = this.#known(key);
    if (known) return known;
    if (!this.#entering.has(key)) {
      const message = typeof key === "number" ? { event: key, as } : { code: key, as };
      const entering = this.#client.enter(message, (polling) => polling.enter(key), (answer) => this.#admit(answer, as));
      this.#entering.set(key, entering.finally(() => this.#entering.delete(key)));
    }
    return this.#entering.get(key);
  }

  /** Take a message about an event. */
  take({ type, event, ...more }) {
    const entry = this.#entries.get(event.id ?? event);
    if (!entry) return;
    if (type === "shown") this.#shown(entry, { event, ...more });
    else if (type === "presence") entry.state.takePresence(more.online);
    else if (type === "deleted") this.#end(entry);
  }

  /** Follow every event again, telling the server what is known of it. */
  async return(link) {
    for (const entry of [...this.#entries.values()]) {
      await this.#again(entry, (one) => this.#reenter(link, one)).catch((error) => {
        this.#drop(entry);
        this.#client.fail(error);
      });
    }
  }

  /** Read again what is known of a poll that is shown. */
  async refresh(poll) {
    const entry = [...this.#entries.values()].find(({ state }) => state.room?.id === poll);
    if (entry) await this.#again(entry, (one) => this.#read(one));
  }

  /** Bring every event up to date over HTTP. */
  async poll(polling) {
    for (const entry of [...this.#entries.values()]) {
      await this.#again(entry, async ({ state }) => {
        const news = await polling.news(state.event);
        if (news && this.#here(entry)) this.#move(entry, news);
      });
    }
  }

  #known(key) {
    if (typeof key === "number") return this.#entries.get(key)?.place;
    return [...this.#entries.values()].find(({ state }) => state.event.code === key)?.place;
  }

  #here(entry) {
    return this.#entries.get(entry.state.event.id) === entry;
  }

  /** Let into what the server's answer says: an event, or a poll. */
  #admit(answer, as) {
    if (!answer.event) return this.#client.admit(answer, as);
    const { id } = answer.event;
    if (!this.#entries.has(id)) {
      const state = new EventState(answer.event);
      const entry = { state, as };
      entry.place = new EventRoom(state, () => this.#leave(entry));
      this.#entries.set(id, entry);
    }
    const entry = this.#entries.get(id);
    this.#move(entry, answer);
    return entry.place;
  }

  #shown(entry, message) {
    const { state } = entry;
    const ran = runs(state.event, this.#voter);
    this.#move(entry, message);
    // What the server knows this client to have, and it has not; and a role that is another one now.
    if ((state.room?.id ?? null) === state.event.shown && runs(state.event, this.#voter) === ran) return;
    this.#again(entry, (one) => this.#read(one)).catch((error) => error instanceof Unreachable || this.#client.fail(error));
  }

  /** Take an event unless it is older than the one shown, and go to the poll that it shows where the answer has one. */
  #move({ state, as }, { event, role = state.role, ...shown }) {
    if (event.revision < state.event.revision) return;
    const before = state.room;
    let room = before;
    if (shown.poll !== undefined) room = (shown.poll && this.#client.admit({ ...shown, role }, as, HOW)) ?? null;
    if (before && before !== room) this.#client.rise(before.id, HOW);
    state.role = role;
    state.take(event, room);
  }

  /** Have an event read by `read`; it may turn out to be gone. */
  async #again(entry, read) {
    try {
      await read(entry);
    } catch (error) {
      if (!this.#here(entry)) return;
      if (!gone(error)) throw error;
      this.#end(entry);
    }
  }

  async #read(entry) {
    const link = this.#link;
    const polling = this.#client.polling();
    if (link) {
      await this.#reenter(link, entry);
    } else if (polling) {
      const answer = await polling.enter(entry.state.event.id);
      if (this.#here(entry)) this.#move(entry, answer);
    }
  }

  async #reenter(link, entry) {
    while (!link.over && this.#here(entry)) {
      const { id, revision } = entry.state.event;
      const first = (answer) => this.#here(entry) && this.#move(entry, answer);
      if (await this.#client.ask(link, { event: id, revision, as: entry.as }, first)) return;
    }
  }

  #drop(entry) {
    this.#entries.delete(entry.state.event.id);
    if (entry.state.room) this.#client.rise(entry.state.room.id, HOW);
  }

  #end(entry) {
    this.#drop(entry);
    entry.state.end();
  }

  #leave(entry) {
    if (!this.#here(entry)) return;
    this.#drop(entry);
    entry.state.room = null;
    this.#link?.send({ type: "leave", event: entry.state.event.id });
  }
}
