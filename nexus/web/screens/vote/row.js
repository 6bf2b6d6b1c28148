/** One option on the audience's page: a button while it can be chosen, else a line of results. */

import { Bar } from "../bar.js";
import { element, fill, icon, set, write } from "../dom.js";
import { say } from "../words.js";

const CHECK = "M9 16.2 4.8 12l-1.4 1.4L9 19 21 7l-1.4-1.4z";

/** The line of the option `id`; `item` is its element. */
export class Row {
  #choose;
  #bar = new Bar();
  #mark = element("span", { class: "mark", "aria-hidden": "true" }, icon(CHECK));
  #times = element("span", { class: "times", hidden: true });
  #note = element("span", { class: "unseen" });
  #body = null;

  constructor(id, choose) {
    this.#choose = choose;
    this.item = element("li", { class: "option", "data-option": id });
  }

  /** Build it as a button, or `fixed`, as a line that can't be chosen. */
  build(fixed) {
    const [track, text, figures] = this.#bar.parts;
    const inside = [track, this.#mark, text, this.#times, figures, this.#note];
    this.#body = fixed
      ? element("div", { class: "choice" }, ...inside)
      : element("button", { class: "choice", type: "button", on: { click: this.#choose } }, ...inside);
    fill(this.item, this.#body);
  }

  /** Show an option of `choices` and its `share`, of a poll with `total` ballots. */
  show(option, { total, share, mode, several }) {
    this.#bar.show(option.text, option.count, total, share);
    const state = option.sending ? "sending" : option.standing ? "standing" : "free";
    set(this.item, "data-state", state);
    set(this.item, "data-count", option.count);
    set(this.item, "data-picked", mode === "pick" && option.picked);
    this.#showPressed(option, mode);
    const times = option.standing + option.sending;
    this.#times.hidden = !several || times === 0;
    write(this.#times, say("vote.times", { n: times }));
    const fixed = !(this.#body instanceof HTMLButtonElement);
    write(this.#note, option.sending ? say("vote.note_sending") : option.standing && fixed ? say("vote.note_yours") : "");
  }

  #showPressed(option, mode) {
    if (!(this.#body instanceof HTMLButtonElement)) return;
    const chosen = mode === "pick" ? option.picked : mode === "tap" && option.standing > 0;
    set(this.#body, "role", mode === "pick" ? "checkbox" : null);
    set(this.#body, "aria-checked", mode === "pick" ? String(chosen) : null);
    set(this.#body, "aria-pressed", mode === "tap" ? String(chosen) : null);
  }
}
