/** One option in the form: its text, and buttons to move and remove it. */

import { element, icon, set, write } from "../dom.js";
import { say } from "../words.js";
import { iconButton } from "./parts.js";

const UP = "M12 5l7 7-1.4 1.4L13 8.8V19h-2V8.8l-4.6 4.6L5 12z";
const DOWN = "M12 19l-7-7 1.4-1.4 4.6 4.6V5h2v10.2l4.6-4.6L19 12z";
const CROSS = "M6.4 5L12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4L12 13.4 6.4 19 5 17.6 10.6 12 5 6.4z";

let made = 0;

/** A row; `told` has the methods `moved(row, step)`, `removed(row)`, `entered(row)` and `pasted(row, text)`. */
export class OptionRow {
  #number = element("span", { class: "number", "aria-hidden": "true" });
  #fault;
  #buttons;

  constructor(text, id, told, was = text) {
    /** The text that the server has, of an option that is there. */
    this.was = was;
    this.#fault = element("p", { class: "fault", id: `option-${(made += 1)}-fault`, hidden: true });
    /** The id of the option on the server; null for a new one. */
    this.id = id;
    const named = { rows: "1", class: "option", "aria-describedby": this.#fault.id, autocomplete: "off", dir: "auto" };
    /** The field for its text. It grows with the text; a line break starts another option. */
    this.input = element("textarea", named);
    this.input.value = text;
    this.input.addEventListener("keydown", (event) => this.#key(event, told));
    this.input.addEventListener("paste", (event) => this.#paste(event, told));
    this.input.addEventListener("input", () => this.blame(""));
    this.#buttons = [
      iconButton(icon(UP), "", () => told.moved(this, -1)),
      iconButton(icon(DOWN), "", () => told.moved(this, 1)),
      iconButton(icon(CROSS), "", () => told.removed(this)),
    ];
    const buttons = element("span", { class: "row-buttons" }, this.#buttons);
    /** The row. */
    this.node = element("li", {}, this.#number, this.input, buttons, this.#fault);
  }

  /** Its text. */
  get text() {
    return this.input.value;
  }

  /** Whether it differs from what the server has. */
  get changed() {
    return this.id === null || this.text.trim() !== this.was;
  }

  /** Its place (from 0) among `count`; `locked` rows are not moved or removed. */
  place(n, count, locked) {
    write(this.#number, String(n + 1));
    set(this.input, "aria-label", say("host.option_n", { n: n + 1 }));
    const names = ["host.option_up", "host.option_down", "host.option_remove"].map((name) => say(name, { n: n + 1 }));
    const off = [n === 0, n === count - 1, count <= 2];
    this.#buttons.forEach((button, which) => {
      set(button, "aria-label", names[which]);
      set(button, "title", names[which]);
      set(button, "aria-disabled", off[which] ? "true" : null); // a disabled one would lose the focus
      button.hidden = locked;
    });
  }

  /** Give the focus to a button: 0 is up, 1 is down, 2 removes. */
  focusButton(which) {
    this.#buttons[which].focus();
  }

  /** Whether that button has the focus. */
  holds(which) {
    return document.activeElement === this.#buttons[which];
  }

  /** Show its error; an empty text removes it. */
  blame(text) {
    write(this.#fault, text);
    this.#fault.hidden = !text;
    set(this.input, "aria-invalid", text ? "true" : null);
  }

  #key(event, told) {
    if (event.isComposing) return;
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.key === "Enter") {
      event.preventDefault();
      if (!event.ctrlKey && !event.metaKey) told.entered(this);
      else this.input.form?.requestSubmit();
    } else if (step && event.altKey) {
      event.preventDefault();
      told.moved(this, step);
    }
  }

  #paste(event, told) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!/[\r\n]/.test(text.trim())) return; // a single line, perhaps with a break at its end, is pasted as usual
    event.preventDefault();
    told.pasted(this, text);
  }
}
