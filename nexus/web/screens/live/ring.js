/** The time left, as a figure and as a ring that empties. */

import { element, fill, set, write } from "../dom.js";
import { sheet } from "../sheets.js";
import { span } from "../time.js";

const SVG = "http://www.w3.org/2000/svg";
const LENGTHS_S = [15, 30, 60, 120, 300, 600, 900, 1800, 3600]; // a longer time has no ring: it would not be seen to move
const LAST_S = 10;

/** Load its sheet. Rejects with `Unreachable`. */
export function styled() {
  return sheet("live/ring");
}

/** A ring in `node`. */
export class Ring {
  #node;
  #arc = circle("arc");
  #text = element("span");
  #until = null;
  #length = 0;

  constructor(node) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    svg.append(circle("groove"), this.#arc);
    this.#node = fill(node, svg, this.#text);
  }

  /** Show `text`; the ring is for `left` ms until the moment `until`, or null where there is nothing to count down. */
  show(text, until, left) {
    const seconds = left / 1000;
    if (until !== this.#until) {
      this.#until = until;
      this.#length = until === null ? 0 : (LENGTHS_S.find((length) => length >= seconds - 1) ?? 0);
    }
    this.#node.hidden = !text;
    set(this.#node, "data-ring", this.#length > 0);
    set(this.#node, "data-last", this.#length > 0 && seconds <= LAST_S);
    const part = this.#length ? Math.min(1, Math.max(0, seconds / this.#length)) : 0;
    this.#arc.style.strokeDashoffset = 100 * (1 - part);
    write(this.#text, this.#length ? span(left) : text);
    set(this.#node, "aria-label", this.#length ? text : null);
  }
}

function circle(kind) {
  const made = document.createElementNS(SVG, "circle");
  for (const [key, value] of [["class", kind], ["cx", 12], ["cy", 12], ["r", 9.5], ["pathLength", 100]]) {
    made.setAttribute(key, value);
  }
  return made;
}
