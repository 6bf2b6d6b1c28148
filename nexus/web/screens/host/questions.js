/** The run sheet in live control: every question can be shown, and none. */

import { element, fill, set, write } from "../dom.js";
import { say } from "../words.js";
import { badge, button } from "./parts.js";
import { showTurn } from "./showing.js";

/** The list; `show(id, pressed)` shows a question, or nothing for null. */
export class Questions {
  #show;
  #list = element("ol", { class: "questions" });
  #rows = new Map();
  #order = "";
  #none = button(say("event.hide"), () => this.#show(null, this.#none), "plain");

  constructor(show) {
    this.#show = show;
    const head = element("div", { class: "line" }, element("h2", { id: "questions" }, say("event.sheet")), this.#none);
    /** The card. */
    this.node = element("section", { class: "card run", "aria-labelledby": "questions" }, head, this.#list);
  }

  /** Show the run sheet of `event`; where nothing can be done, `why` says so. */
  show({ polls, shown }, why) {
    this.#arrange(polls);
    polls.forEach((poll, at) => this.#rows.get(poll.id).show(poll, at + 1, poll.id === shown, why));
    set(this.#none, "aria-disabled", why !== null || shown === null ? "true" : null);
    set(this.#none, "title", why || (shown === null ? say("event.nothing") : null));
  }

  #arrange(polls) {
    const order = JSON.stringify(polls.map(({ id }) => id));
    if (order === this.#order) return;
    this.#order = order;
    const held = document.activeElement;
    this.#rows = new Map(polls.map(({ id }) => [id, this.#rows.get(id) ?? new Row((pressed) => this.#show(id, pressed))]));
    fill(this.#list, [...this.#rows.values()].map(({ node }) => node));
    if (this.#list.contains(held)) held.focus(); // it was moved
  }
}

class Row {
  #number = element("span", { class: "number", "aria-hidden": "true" });
  #question = element("span", { class: "asks", dir: "auto" });
  #badge = badge("draft");
  #button;

  constructor(show) {
    this.#button = button("", () => show(this.#button));
    /** The row. */
    this.node = element("li", {}, this.#number, element("div", {}, this.#question, this.#badge), this.#button);
  }

  show({ question, status }, place, shown, why) {
    write(this.#number, String(place));
    write(this.#question, question);
    showTurn(this.#badge, status, shown);
    set(this.node, "aria-current", shown ? "true" : null);
    write(this.#button, say(shown ? "event.on_now" : "event.show"));
    set(this.#button, "aria-label", shown ? null : say("control.show_name", { place, question }));
    set(this.#button, "aria-disabled", shown || why !== null ? "true" : null);
    set(this.#button, "title", shown ? null : why);
  }
}
