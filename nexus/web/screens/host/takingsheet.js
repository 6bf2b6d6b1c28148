/** Questions that become part of an event: all at once of a new one, one after another of one that is there. Where the
 * network breaks it is looked up what has become of the last call, so that nothing is made twice. */

import { Unreachable } from "../../client.js";
import { bodyOf } from "./readsheet.js";

const NEWEST = "/events/?page_size=20"; // newest first

/** Creates an event; `call` is that of the server. */
export class Creation {
  #call;
  #newest = null; // the id of the newest event before
  #unsure = false;

  constructor(call) {
    this.#call = call;
  }

  /** Create the event of this definition; resolves to its id. After it has rejected with `Unreachable` it can be called
   * again. Rejects with `Refused` where nothing was made. */
  async run(body) {
    if (this.#unsure) {
      const made = await this.#made(body);
      this.#unsure = false;
      if (made) return made.id;
    }
    if (this.#newest === null) this.#newest = Math.max(0, ...(await this.#call("GET", NEWEST)).results.map(({ id }) => id));
    try {
      return (await this.#call("POST", "/events/", body)).id;
    } catch (error) {
      this.#unsure = error instanceof Unreachable;
      throw error;
    }
  }

  /** The event that an earlier call has made after all. */
  async #made({ title, polls = [] }) {
    const texts = (whole, all) => JSON.stringify([whole, ...all.map(({ question }) => question)].map((text) => text.trim()));
    const { results } = await this.#call("GET", NEWEST);
    const same = (event) => texts(event.title, event.polls) === texts(title, polls);
    return results.find((event) => event.id > this.#newest && same(event));
  }
}

/** Adds `polls`, as `readSheet` returns them, to the end of the run sheet of the event `id`. */
export class Addition {
  #call;
  #path;
  #polls;
  #known = null; // the ids of the run sheet
  #unsure = false;
  #over = false;

  /** How many are in the run sheet. */
  added = 0;

  constructor(call, id, polls) {
    this.#call = call;
    this.#path = `/events/${id}/`;
    this.#polls = polls;
  }

  /** Add what is not there yet; `told()` is called after each. After it has rejected it can be called again: with
   * `Unreachable` it is not known yet whether the last one was added, with `Refused` it was not. */
  async run(told) {
    if (!this.#known || this.#unsure) await this.#look();
    while (this.added < this.#polls.length && !this.#over) {
      told();
      await this.#add();
    }
    told();
  }

  /** Add no more. */
  stop() {
    this.#over = true;
  }

  async #add() {
    try {
      const { id } = await this.#call("POST", `${this.#path}polls/`, bodyOf(this.#polls[this.added]));
      this.#known.add(id);
      this.added += 1;
    } catch (error) {
      this.#unsure = error instanceof Unreachable;
      throw error;
    }
  }

  /** Read the run sheet: whether the last one has been added after all. */
  async #look() {
    const { polls } = await this.#call("GET", this.#path);
    const asked = this.#polls[this.added].question;
    if (this.#unsure && polls.some(({ id, question }) => !this.#known.has(id) && question === asked)) this.added += 1;
    this.#known = new Set(polls.map(({ id }) => id));
    this.#unsure = false;
  }
}
