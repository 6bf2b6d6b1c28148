/** The bar with which several polls of the list are closed or deleted at once. */

import { element, write } from "../dom.js";
import { say } from "../words.js";
import { button, once } from "./parts.js";

/** The bar; `told.picked()` returns the polls that are ticked, `told.all()` ticks those that are shown, `told.end()`
 * ends it. `acts` are a `ListActs`. */
export class Picking {
  #told;
  #count = element("p", { class: "picked", role: "status" });
  #close = button(say("host.close"), () => once(this.#close, () => this.#do("close")));
  #delete = button(say("host.delete"), () => once(this.#delete, () => this.#do("delete")), "danger");
  #acts;

  constructor(acts, told) {
    this.#acts = acts;
    this.#told = told;
    const all = button(say("hosting.pick_all"), () => told.all(), "plain");
    const end = button(say("hosting.done"), () => told.end());
    const buttons = element("div", { class: "buttons" }, all, this.#close, this.#delete, end);
    /** The bar. */
    this.node = element("div", { class: "picking", hidden: true }, this.#count, buttons);
  }

  /** Show how many are ticked, and offer what can be done with them. */
  show() {
    const polls = this.#told.picked();
    write(this.#count, say("hosting.picked", { n: polls.length }));
    this.#close.hidden = !polls.some(({ status }) => status === "open");
    this.#delete.hidden = !polls.length;
  }

  async #do(act) {
    const polls = this.#told.picked().filter(({ status }) => act !== "close" || status === "open");
    if (await this.#acts[act](polls)) this.#told.end();
  }
}
