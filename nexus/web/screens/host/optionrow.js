/** One option in the form: its text, a handle to move it by, and a button to remove it. */

import { element, icon, set, write } from "../dom.js";
import { say } from "../words.js";
import { draggable } from "./dragging.js";
import { Menu } from "./menu.js";
import { CROSS, button, iconButton } from "./parts.js";

const GRIP = "M8 5h2v2H8zm6 0h2v2h-2zM8 11h2v2H8zm6 0h2v2h-2zM8 17h2v2H8zm6 0h2v2h-2z";

let made = 0;

/** A row; `told` has the methods `moved(row, step)`, `removed(row)`, `entered(row)` and `pasted(row, text)`. */
export class OptionRow {
  #number = element("span", { class: "number", "aria-hidden": "true" });
  #handle = new Menu("", [icon(GRIP), this.#number], "plain handle");
  #fault;
  #up;
  #down;
  #remove;

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
    this.#up = button("", () => told.moved(this, -1));
    this.#down = button("", () => told.moved(this, 1));
    this.#remove = iconButton(icon(CROSS), "", () => told.removed(this));
    this.#handle.offer([this.#up, this.#down]);
    /** The row. */
    this.node = element("li", {}, this.#handle.node, this.input, this.#remove, this.#fault);
    draggable(this.#handle.node.firstChild, this.node, (step) => told.moved(this, step, true));
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
    set(this.input, "placeholder", say("host.option_n", { n: n + 1 }));
    set(this.#handle.node.firstChild, "aria-label", say("hosting.option_move", { n: n + 1 }));
    write(this.#up, say("host.option_up", { n: n + 1 }));
    write(this.#down, say("host.option_down", { n: n + 1 }));
    this.#up.hidden = n === 0;
    this.#down.hidden = n === count - 1;
    set(this.#remove, "aria-label", say("host.option_remove", { n: n + 1 }));
    set(this.#remove, "title", say("host.option_remove", { n: n + 1 }));
    set(this.#remove, "aria-disabled", count <= 2 ? "true" : null); // a disabled one would lose the focus
    this.#handle.node.firstChild.disabled = locked;
    this.#remove.hidden = locked;
  }

  /** Give the focus to the button that removes it. */
  focusRemove() {
    this.#remove.focus();
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
