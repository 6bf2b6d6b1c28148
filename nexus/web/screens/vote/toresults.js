/** The way to all results of an event, on the page between its questions: they are read when somebody asks for them. */

import { NexusError } from "../../client.js";
import { element, fill, set, write } from "../dom.js";
import { later } from "../persist.js";
import { reason, say } from "../words.js";

/** A button, and the results in its place once it was pressed. */
export class ToResults {
  #client;
  #event = null;
  #asked = "";
  #button = element("button", { type: "button", class: "soft", on: { click: () => this.#open() } }, say("follow.results"));
  #fault = element("p", { class: "fault", role: "alert" });

  /** What stands on the page; hidden as long as no question has been asked. */
  node = element("div", { class: "to-results", hidden: true });

  constructor(client) {
    this.#client = client;
  }

  /** Offer the results of `event`. Those that are shown go with the next change of a question: they are to be read anew. */
  show(event) {
    this.#event = event;
    const asked = event.polls.filter(({ status }) => status !== "draft");
    const now = JSON.stringify(asked);
    this.node.hidden = !asked.length;
    if (now !== this.#asked) fill(this.node, this.#button, this.#fault);
    this.#asked = now;
  }

  async #open() {
    if (this.#button.getAttribute("aria-disabled") === "true") return;
    set(this.#button, "aria-disabled", "true");
    write(this.#fault, "");
    const asked = this.#asked;
    try {
      const { resultsOf } = await later("vote/results", "eventresults");
      const results = await resultsOf(this.#client, this.#event);
      if (asked !== this.#asked) return;
      fill(this.node, results);
      results.querySelector("h2").focus({ preventScroll: true });
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      write(this.#fault, error.code ? reason(error) : say("shared.unreachable"));
    } finally {
      set(this.#button, "aria-disabled", null);
    }
  }
}
