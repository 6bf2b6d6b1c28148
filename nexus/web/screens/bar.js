/** One option's bar: its text, its share and its count. */

import { element, set, write } from "./dom.js";
import { number, percent, say, spokenPercent } from "./words.js";

/** The parts of a bar, to be put into the element that holds it. */
export class Bar {
  #fill = element("span", { class: "fill" });
  #track = element("span", { class: "track", "aria-hidden": "true" }, this.#fill);
  #text = element("span", { class: "text", dir: "auto" });
  #share = element("span", { class: "share", "aria-hidden": "true" });
  #count = element("span", { class: "count", "aria-hidden": "true" });
  #spoken = element("span", { class: "unseen" });
  #figures = element("span", { class: "figures" }, this.#share, " ", this.#count, this.#spoken);

  /** The elements: the bar itself, then its text and its figures, which the styles put on or beside it. */
  parts = [this.#track, this.#text, this.#figures];

  /** Show an option's text, its `count` of `total` ballots and its `share` (`words.js`); a count of null hides figures
   * and bar. The bar's length is exact. */
  show(text, count, total, share) {
    write(this.#text, text);
    this.#figures.hidden = count === null;
    this.#fill.style.transform = `scaleX(${count && total ? Math.min(1, count / total) : 0})`;
    set(this.#track, "data-empty", count === null);
    if (count === null) return;
    write(this.#share, percent(share));
    write(this.#count, number(count));
    write(this.#spoken, `${spokenPercent(share)}, ${say("shared.votes", { n: count })}`);
  }
}
