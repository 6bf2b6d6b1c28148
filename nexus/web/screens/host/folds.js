/** Settings that are folded away: each with a name, and with what it is set to now. */

import { element, write } from "../dom.js";

/** A part of a form; `value()` says in short what it is set to. */
export class Fold {
  #value;
  #said = element("span", { class: "value", dir: "auto" });

  constructor(title, content, value) {
    this.#value = value;
    const summary = element("summary", {}, element("span", { class: "name" }, title), " ", this.#said);
    /** The part. */
    this.node = element("details", { class: "fold" }, summary, element("div", { class: "stack" }, content));
  }

  /** Say again what it is set to. */
  paint() {
    write(this.#said, this.#value());
  }
}

/** Unfold what is around `node`, so that it can be seen and get the focus. */
export function unfold(node) {
  const fold = node.closest("details");
  if (fold) fold.open = true;
}

/** Sentences in one line. */
export function together(...texts) {
  return texts.filter(Boolean).join("\u00a0· ");
}
