/** A menu: a button that opens a short list of links and buttons. Tab leads through it, and so do the arrow keys; Escape,
 * a choice, or attention elsewhere closes it. */

import { element, fill, set } from "../dom.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

let made = 0;

/** A menu whose button shows `content` and is named `name`, or null if the content says it. */
export class Menu {
  #list;
  #button;

  constructor(name, content, kind = "plain icon-only") {
    const id = `menu-${(made += 1)}`;
    const named = { type: "button", class: kind, "aria-label": name, "aria-expanded": "false", "aria-controls": id };
    this.#button = element("button", { ...named, on: { click: () => this.#show(this.#list.hidden) } }, content);
    this.#list = element("div", { id, class: "menu-list", hidden: true });
    this.#list.addEventListener("click", (event) => this.#chosen(event), true); // before what was chosen acts
    /** The button with its list. */
    this.node = element("div", { class: "menu" }, this.#button, this.#list);
    this.node.addEventListener("keydown", (event) => this.#key(event));
    this.node.addEventListener("focusout", ({ relatedTarget: to }) => to && !this.node.contains(to) && this.#show(false));
  }

  /** Offer `items`, links and buttons. */
  offer(items) {
    fill(this.#list, items);
  }

  /** Whether the list is shown. */
  get open() {
    return !this.#list.hidden;
  }

  /** Give the focus to the button. */
  focus() {
    this.#button.focus();
  }

  #chosen(event) {
    if (!event.target.closest("a, button")) return;
    this.#show(false);
    this.focus(); // so that a dialog gives it back to something that is seen
  }

  #show(open) {
    this.#list.hidden = !open;
    set(this.#button, "aria-expanded", String(open));
    const listen = open ? addEventListener : removeEventListener;
    listen("pointerdown", this.#outside);
    if (open) this.#list.scrollIntoView({ block: "nearest" });
  }

  #outside = ({ target }) => this.node.contains(target) || this.#show(false);

  #key(event) {
    if (event.key === "Escape" && this.open) {
      event.preventDefault();
      this.#show(false);
      this.focus();
    }
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    this.#show(true);
    const items = [...this.#list.querySelectorAll("a, button")].filter((one) => one.getClientRects().length);
    const at = items.indexOf(document.activeElement);
    items[at < 0 && step < 0 ? items.length - 1 : (at + step + items.length) % items.length]?.focus();
  }
}
