/** The bar with which several polls of the list are closed or deleted at once. */

import { element, icon, write } from "../dom.js";
import { say } from "../words.js";
import { CROSS, button, iconButton, once } from "./parts.js";

/** The bar; `told.picked()` returns the polls that are ticked, and `told.end()` ends it. `acts` are a `ListActs`. */
export class Picking {
  #told;
  #count = element("p", { class: "picked", role: "status" });
  #close = button(say("host.close"), () => once(this.#close, () => this.#do("close")));
  #delete = button(say("host.delete"), () => once(this.#delete, () => this.#do("delete")), "danger");
  #acts;

  constructor(acts, told) {
    this.#acts = acts;
    this.#told = told;
    const end = iconButton(icon(CROSS), say("hosting.done"), () => told.end());
    const buttons = element("div", { class: "buttons" }, this.#close, this.#delete);
    /** The bar. */
    this.node = element("div", { class: "picking", hidden: true }, end, this.#count, buttons);
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
