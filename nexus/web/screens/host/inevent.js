/** The event that a poll is part of: what it is called, and the way to it. */

import { Refused } from "../../client.js";
import { write } from "../dom.js";
import { say } from "../words.js";
import { back } from "./parts.js";

const SECONDARY = new Set(["event_not_found", "forbidden"]); // deleted since, or not this host's any more

/** The titles of events, each asked for once. */
export class EventTitles {
  #server;
  #titles = new Map();

  constructor(server) {
    this.#server = server;
  }

  /** Learn the titles of the events that `polls` are part of. Rejects as calls do. */
  async learn(polls) {
    const fresh = new Set(polls.map(({ event }) => event).filter((id) => id && !this.#titles.has(id)));
    await Promise.all([...fresh].map(async (id) => this.#titles.set(id, await this.#ask(id))));
  }

  /** The title of an event that was learnt; an empty text where it is not there for this host. */
  of(id) {
    return this.#titles.get(id) ?? "";
  }

  async #ask(id) {
    try {
      return (await this.#server.call("GET", `/events/${id}/`)).title;
    } catch (error) {
      if (!SECONDARY.has(error.code)) throw error;
      return "";
    }
  }
}

/** A link back to the event `id`, which says its title once that is known. */
export function backTo(server, id) {
  const made = back(`#/event/${id}`, say("hosting.the_event"));
  const titles = new EventTitles(server);
  const tell = () => titles.of(id) && write(made.lastChild, titles.of(id));
  titles.learn([{ event: id }]).then(tell, (error) => error instanceof Refused || console.warn(error.message)); // the link leads there without it
  return made;
}
