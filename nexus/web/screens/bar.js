/** One option's bar: its text, its share and its count, and how shares are rounded and written. */

import { element, set, write } from "./dom.js";
import { locale, number, say } from "./words.js";

const inPercent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 });

/** The parts of a bar, to be put into the element that holds it. */
export class Bar {
  #fill = element("span", { class: "fill" });
  #track = element("span", { class: "track", "aria-hidden": "true" }, this.#fill);
  #text = element("span", { class: "text", dir: "auto" });
  #share = element("span", { class: "share", dir: "ltr", "aria-hidden": "true" });
  #count = element("span", { class: "count", "aria-hidden": "true" });
  #spoken = element("span", { class: "unseen" });
  #figures = element("span", { class: "figures" }, this.#share, " ", this.#count, this.#spoken);

  /** The elements: the bar itself, then its text and its figures, which the styles put on or beside it. */
  parts = [this.#track, this.#text, this.#figures];

  /** Show an option's text, its `count` of `total` ballots and its `share`; a count of null hides figures and bar. */
  show(text, count, total, share) {
    write(this.#text, text);
    this.#figures.hidden = count === null;
    const part = count && total ? Math.min(1, count / total) : 0;
    this.#fill.style.setProperty("--share", part); // the sheets make a length of it
    set(this.#fill, "data-none", part === 0);
    set(this.#track, "data-empty", count === null);
    if (count === null) return;
    write(this.#share, percent(share));
    write(this.#count, number(count));
    write(this.#spoken, `${spokenPercent(share)}, ${say("shared.votes", { n: count })}`);
  }
}

/** The shares of `counts` among `total` ballots, in whole percents as texts: `33`, `<1` or `>99` where 0 or 100 would
 * mislead. If each ballot names one option, they add to 100 (docs/screens.md, "Shares"). */
export function shares(counts, total) {
  if (!total) return counts.map(() => "0");
  // In whole numbers: 0.285 is no exact number to a computer.
  const rounded = () => counts.map((count) => Math.floor((200 * count + total) / (2 * total)));
  const whole = sum(counts) === total ? apportioned(counts, total) : rounded();
  return whole.map((share, n) => {
    if (share === 0 && counts[n] > 0) return "<1";
    return share === 100 && counts[n] < total ? ">99" : String(share);
  });
}

/** The shares that a totals frame shows, by the ids of its options; empty while counts are hidden. */
export function sharesById({ options, total_votes: total }) {
  const counts = options.map(({ votes_count: count }) => count);
  if (counts.includes(null)) return new Map();
  const texts = shares(counts, total);
  return new Map(options.map(({ id }, n) => [id, texts[n]]));
}

/** By largest remainder; among equals, the first gets what is missing to 100. */
function apportioned(counts, total) {
  const whole = counts.map((count) => Math.floor((100 * count) / total));
  const lost = (n) => (100 * counts[n]) % total;
  const order = [...counts.keys()].sort((a, b) => lost(b) - lost(a) || a - b);
  for (const n of order.slice(0, 100 - sum(whole))) whole[n] += 1;
  return whole;
}

function sum(counts) {
  return counts.reduce((all, count) => all + count, 0);
}

/** A share in the page's language: `33%`, `<1%`; in German `33 %`, with a narrow space that does not break. It runs from
 * left to right in every language. */
export function percent(share) {
  const plain = (whole) => inPercent.format(whole / 100).replace("\u00a0", "\u202f").replaceAll("\u200e", "");
  return share.replace(/\d+/, plain);
}

/** The same to be read aloud: screen readers leave out `<` and `>`. */
export function spokenPercent(share) {
  if (/^\d/.test(share)) return percent(share);
  return say(share[0] === "<" ? "shared.share_below" : "shared.share_above", { share: percent(share.slice(1)) });
}
