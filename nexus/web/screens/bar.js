/** One option's bar: its text, its share and its count; and how shares are rounded and written. */

import { element, set, write } from "./dom.js";
import { language, number, say } from "./words.js";

const SHARE = /^([<>]?)(\d+)$/;
const inPercent = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });

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

  /** Show an option's text, its `count` of `total` ballots and its `share`; a count of null hides figures
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

/** The shares of `counts` among `total` ballots in whole percents, in the same order, as texts: `33`, `<1` where 0 would
 * hide votes, `>99` where 100 would hide those of others. If each ballot names one option, they add to 100
 * (docs/screens.md, "Shares"). */
export function shares(counts, total) {
  if (!total) return counts.map(() => "0");
  const named = counts.reduce((sum, count) => sum + count, 0);
  const whole = named === total ? apportioned(counts, total) : counts.map((count) => rounded(count, total));
  return whole.map((share, n) => {
    if (share === 0 && counts[n] > 0) return "<1";
    return share === 100 && counts[n] < total ? ">99" : String(share);
  });
}

/** The shares that a totals frame shows, by the ids of its options; empty while counts are hidden. */
export function sharesById({ options, total_votes: total }) {
  if (options.some(({ votes_count: count }) => count === null)) return new Map();
  const texts = shares(options.map(({ votes_count: count }) => count), total);
  return new Map(options.map(({ id }, n) => [id, texts[n]]));
}

/** By largest remainder: each is rounded down, and what is missing to 100 goes to those that lost most; among equals, to
 * the first. */
function apportioned(counts, total) {
  const whole = counts.map((count) => Math.floor((100 * count) / total));
  const missing = 100 - whole.reduce((sum, share) => sum + share, 0);
  const lost = (n) => (100 * counts[n]) % total;
  const order = [...counts.keys()].sort((a, b) => lost(b) - lost(a) || a - b);
  for (const n of order.slice(0, missing)) whole[n] += 1;
  return whole;
}

/** Halves are rounded up; in whole numbers, since 0.285 is no exact number to a computer. */
function rounded(count, total) {
  return Math.floor((200 * count + total) / (2 * total));
}

/** A share of `shares` in the language of the page: `33%`, `<1%`; in German `33 %`, with a narrow space that does not
 * break. */
export function percent(text) {
  const [, sign, whole] = SHARE.exec(text);
  return sign + written(whole);
}

/** The same as it is read aloud: screen readers leave out `<` and `>`. */
export function spokenPercent(text) {
  const [, sign, whole] = SHARE.exec(text);
  const shown = written(whole);
  return sign ? say(sign === "<" ? "shared.share_below" : "shared.share_above", { share: shown }) : shown;
}

function written(whole) {
  return inPercent.format(whole / 100).replace("\u00a0", "\u202f");
}
