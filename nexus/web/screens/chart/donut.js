/** Results as a donut: a slice an option, each with its letter, and in the middle who leads, if one does. */

import { percent, sharesById } from "../bar.js";
import { element, write } from "../dom.js";
import { ahead, byPosition, nthColour, nthLetter } from "./standing.js";

const SVG = "http://www.w3.org/2000/svg";
const RADIUS = 38; // of the middle of the ring, in a picture of 100 by 100
const LETTERED = 0.045; // smaller slices have no room for a letter

/** The slices of `options` in order: `{id, place, from, part}`, `from` and `part` of one turn. */
export function slices(options, totals) {
  const counts = new Map(totals.options.map(({ id, votes_count: count }) => [id, count ?? 0]));
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let from = 0;
  return byPosition(options).map(({ id }, place) => {
    const part = all ? counts.get(id) / all : 0;
    from += part;
    return { id, place, from: from - part, part };
  });
}

/** A donut; `node` is its element. Screen readers have the list beside it. */
export class Donut {
  #ring = drawn("g", { class: "ring", transform: "rotate(-90 50 50)" });
  #letters = drawn("g", { class: "letters" });
  #slices = new Map();
  #share = element("strong");
  #leader = element("span");

  constructor(first) {
    const svg = drawn("svg", { viewBox: "0 0 100 100" });
    svg.append(circle("groove"), this.#ring, this.#letters);
    const middle = element("p", { class: "middle" }, this.#share, this.#leader);
    this.node = element("div", { class: "donut", "aria-hidden": "true" }, svg, middle);
    this.show(first);
  }

  show({ poll, totals, hold }) {
    const parts = hold ? [] : slices(poll.options, totals);
    const ids = new Set(parts.map(({ id }) => id));
    for (const [id, slice] of this.#slices) if (!ids.has(id)) this.#drop(id, slice);
    for (const slice of parts) this.#show(slice);
    const [first, ...more] = hold ? [] : [...ahead(totals)];
    const one = first !== undefined && !more.length;
    const place = byPosition(poll.options).findIndex(({ id }) => id === first);
    write(this.#share, one ? percent(sharesById(totals).get(first)) : "");
    write(this.#leader, one ? nthLetter(place) : "");
  }

  remove() {
    this.node.remove();
  }

  #show({ id, place, from, part }) {
    if (!this.#slices.has(id)) this.#slices.set(id, this.#add(place));
    const { arc, letter } = this.#slices.get(id);
    arc.style.stroke = nthColour(place);
    arc.style.strokeDasharray = `${part * 100} 100`;
    arc.style.strokeDashoffset = -from * 100;
    const turn = 2 * Math.PI * (from + part / 2 - 0.25);
    letter.style.transform = `translate(${50 + RADIUS * Math.cos(turn)}px, ${50 + RADIUS * Math.sin(turn)}px)`;
    letter.style.opacity = part < LETTERED ? 0 : 1;
    write(letter, nthLetter(place));
  }

  #add(place) {
    const arc = circle("slice");
    arc.style.strokeDasharray = "0 100";
    const letter = drawn("text", {});
    this.#ring.append(arc);
    this.#letters.append(letter);
    return { arc, letter, place };
  }

  #drop(id, { arc, letter }) {
    arc.remove();
    letter.remove();
    this.#slices.delete(id);
  }
}

function circle(kind) {
  return drawn("circle", { class: kind, cx: 50, cy: 50, r: RADIUS, pathLength: 100 });
}

function drawn(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
