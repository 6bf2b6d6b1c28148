/** The states of polls to choose from, each with how many there are. */

import { element, set, write } from "../dom.js";
import { number, say } from "../words.js";
import { STATUSES, filterOf } from "./looking.js";
import { Newest } from "./newest.js";

/** A row of buttons; `chosen(status)` is called with another one. */
export class Tabs {
  #server;
  #newest = new Newest();
  #tabs = new Map();

  constructor(server, chosen) {
    this.#server = server;
    for (const status of STATUSES) {
      const count = element("span", { class: "many" });
      const text = element("span", {}, say(status ? `shared.status_${status}` : "host.any_status"));
      const made = element("button", { type: "button", on: { click: () => chosen(status) } }, text, " ", count);
      this.#tabs.set(status, { made, count });
    }
    const tabs = [...this.#tabs.values()].map(({ made }) => made);
    /** The row. */
    this.node = element("div", { class: "tabs", role: "group", "aria-label": say("host.status") }, tabs);
  }

  /** Mark the status that is shown. */
  show(status) {
    for (const [one, { made }] of this.#tabs) set(made, "aria-pressed", String(one === status));
  }

  /** Count the polls that `look` finds in each state: not those that a search finds, which costs the server more, and
   * of which few are under way at once. Rejects as calls do. */
  async count(look) {
    if (look.search) {
      await this.#newest.of(null); // no count that is under way is shown
      for (const { count } of this.#tabs.values()) write(count, "");
      return;
    }
    const states = STATUSES.filter(Boolean);
    const asked = states.map((status) => {
      const query = filterOf(look);
      query.set("status", status);
      query.set("page_size", 1);
      return this.#server.call("GET", `/polls/?${query}`);
    });
    const found = await this.#newest.of(Promise.all(asked));
    if (!found) return;
    const counts = new Map(states.map((status, n) => [status, found[n].count]));
    counts.set("", [...counts.values()].reduce((sum, n) => sum + n, 0));
    for (const [status, { count }] of this.#tabs) write(count, number(counts.get(status)));
  }
}
