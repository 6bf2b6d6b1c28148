/** What the list of polls leaves out: the questions of events, which stand in their run sheets. */

import { element, write } from "../dom.js";
import { say } from "../words.js";
import { filterOf } from "./looking.js";
import { Newest } from "./newest.js";

/** A line that says how many they are, with a way to the events. */
export class Unlisted {
  #server;
  #newest = new Newest();
  #link = element("a", { href: "#/events" });
  /** The line. */
  node = element("p", { class: "unlisted", hidden: true }, this.#link);

  constructor(server) {
    this.#server = server;
  }

  /** Count those that `look` would show besides the `listed` polls. A search finds them, and leaves none out. Rejects as
   * calls do. */
  async count(look, listed) {
    const query = filterOf(look);
    query.delete("event");
    if (look.status) query.set("status", look.status);
    query.set("page_size", 1);
    const found = await this.#newest.of(look.search ? null : this.#server.call("GET", `/polls/?${query}`));
    const left = (found?.count ?? 0) - listed;
    if (!found && !look.search) return; // a newer count is under way
    this.node.hidden = left <= 0;
    write(this.#link, left > 0 ? say("hosting.in_events", { n: left }) : "");
  }
}
