/** An event as its hosts see it, kept up to date: with how many people voted in each of its questions. */

import { NexusError } from "../../client.js";
import { told } from "./faults.js";
import { owns } from "./showing.js";

const REFRESH_MS = 10_000; // the turnout of what is shown comes at once, that of the others then
const GONE = "event_not_found";

/** The event `id`. `heard.changed()` is called with each newer state, `heard.failed(text)` where a reading failed (with
 * an empty text once one has succeeded again), and `heard.gone()` once the event is no longer this host's. */
export class HostedEvent {
  #server;
  #id;
  #heard;
  #place = null; // where it is followed
  #room = null; // of what it shows
  #endings = [];
  #timer = null;
  #over = false;
  #seen = () => document.hidden || this.again();

  /** The event as REST shows it; null before `open`. */
  event = null;
  /** How many people voted in a question, by its id; drafts have none. */
  voters = new Map();

  constructor(server, id, heard) {
    this.#server = server;
    this.#id = id;
    this.#heard = heard;
  }

  /** The room of what it shows; null where nothing is shown, or that is not followed. */
  get room() {
    return this.#room?.id === this.event.shown ? this.#room : null;
  }

  /** How many people follow it; null where that is not known. */
  get online() {
    return this.#place?.online ?? null;
  }

  /** Read it for the first time. Rejects as calls do. */
  async open() {
    await this.read();
    document.addEventListener("visibilitychange", this.#seen);
    this.#later();
    this.#follow();
  }

  close() {
    this.#over = true;
    for (const end of this.#endings.splice(0)) end();
    this.#place?.leave();
    clearTimeout(this.#timer);
    document.removeEventListener("visibilitychange", this.#seen);
  }

  /** Take a state of the event that the server has answered with. One that is older than what is known is not heeded. */
  take(event) {
    if (this.#over || (this.event && event.revision < this.event.revision)) return;
    this.event = event;
    if (owns(event, this.#server.me) || event.hosts.includes(this.#server.me.sub)) this.#heard.changed();
    else this.#end(); // a public one can still be read
  }

  /** Read it again. Resolves to whether that succeeded. */
  async again() {
    try {
      await this.read();
      this.#heard.failed("");
      return true;
    } catch (error) {
      if (error.code === GONE) this.#end();
      else if (!this.#over) this.#heard.failed(told(error));
      return false;
    }
  }

  /** The same; resolves to the ids of its questions in order, and rejects as calls do. */
  async read() {
    const asked = ["", "results/"].map((rest) => this.#server.call("GET", `/events/${this.#id}/${rest}`));
    const [event, { results }] = await Promise.all(asked);
    this.voters = new Map(results.map(({ poll, voters }) => [poll, voters]));
    if (this.#room) this.voters.set(this.#room.id, this.#room.totals.voters); // which may be newer
    this.take(event);
    return event.polls.map(({ id }) => id);
  }

  /** Hear at once what others do. Where that fails, the readings go on, and say what is wrong. */
  async #follow() {
    try {
      this.#place = await this.#server.client.enter(this.#id);
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      return;
    }
    // The view that is shown by now may follow it too.
    if (this.#over) return location.hash.startsWith(`#/event/${this.#id}/`) || this.#place.leave();
    const place = this.#place;
    this.#endings.push(place.on("shown", () => this.#moved()));
    this.#endings.push(place.on("presence", () => this.#heard.changed()));
    this.#endings.push(place.on("deleted", () => this.#end()));
    this.#moved();
  }

  #moved() {
    const { event, room } = this.#place;
    if (room && room !== this.#room) this.#endings.push(room.on("totals", () => this.#count(room)));
    this.#room = room;
    if (room) this.voters.set(room.id, room.totals.voters);
    this.take(event);
  }

  #count(room) {
    const { voters } = room.totals;
    if (this.#over || room !== this.#room || voters === this.voters.get(room.id)) return;
    this.voters.set(room.id, voters);
    this.#heard.changed();
  }

  #end() {
    if (this.#over) return;
    this.close();
    this.#heard.gone();
  }

  #later() {
    this.#timer = setTimeout(async () => {
      if (!document.hidden) await this.again();
      if (!this.#over) this.#later();
    }, REFRESH_MS);
  }
}
