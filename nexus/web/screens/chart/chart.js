/** A poll's results as a picture: bars, columns or a donut, for the stage and wherever else a poll is shown as on it. */

import { Unreachable } from "../../client.js";
import { Bar, percent, sharesById } from "../bar.js";
import { element, icon, set, write } from "../dom.js";
import { later } from "../persist.js";
import { number, say } from "../words.js";
import { ahead, arrangement, byPosition, chartOf, nthColour, nthLetter } from "./standing.js";

const REST_MS = 3000; // between two changes of the order, so that rows do not flutter
const REVEAL_MS = 2600;
const MANY = 12; // more options than these are shown as the ten with most votes
const MOST_FIGURES = percent("100").length; // whose room is kept, so that nothing moves when they come
const LEAST_DIGITS = 2;
const LONGEST_WORD = 16; // that is never broken
const GLIDE = { duration: 600, easing: "cubic-bezier(0.2, 0.8, 0.2, 1)" };
const CROWN = "M3 7l4.5 3.6L12 4l4.5 6.6L21 7l-1.8 11H4.8z";

/** Whether people have asked for less movement. */
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** A chart; `node` is its element, and `list` the list of options in it. */
export class Chart {
  #rows = new Map();
  #more = element("p", { class: "more", hidden: true });
  #donut = null;
  #shapes = new Map(); // what draws them, by kind
  #loading = false;
  #latest = null;
  #order = "";
  #movedAt = -Infinity;
  #waiting = null;
  #hold = null;
  #calming = null;

  list = element("ul", { id: "results", class: "bars", "aria-labelledby": "question" });
  node = element("div", { class: "chart" }, this.list, this.#more);
  /** Whether all options are shown, however many. */
  all = false;
  /** The chart in which the poll is drawn now. */
  kind = "bars";
  /** Called whenever something needs another amount of room. */
  changed = () => {};

  /** Show a poll and its counts; `hold` hides them. `plain` draws bars, where there is no room for another chart. */
  show({ poll, totals, hold }) {
    const revealed = this.#hold === true && !hold;
    this.#hold = hold;
    this.#latest = { poll, totals, hold };
    this.#become(this.#drawable(chartOf(poll)));
    set(this.node, "data-hold", hold);
    set(this.node, "data-none", !hold && totals.total_votes === 0);
    if (revealed) this.#reveal();
    this.#keepRows(poll);
    this.#fill(poll, totals, hold);
    this.#arrange(revealed || totals.final);
    if (this.kind === "donut") this.#drawDonut();
  }

  /** Forget the poll: another one is shown next, of which nothing moves to its place. */
  clear() {
    clearTimeout(this.#waiting);
    this.#rows.clear();
    this.list.replaceChildren();
    this.all = false;
    this.#order = "";
    this.#hold = null;
    this.#movedAt = -Infinity;
    this.node.classList.remove("revealing");
    this.#donut?.remove();
    this.#donut = null;
  }

  /** Show all options, or the first ones only. */
  toggle() {
    this.all = !this.all;
    if (this.#latest) this.#arrange(true);
  }

  /** Whether some options are left out, or would be. */
  get many() {
    return Boolean(this.#latest) && !this.#latest.hold && this.#latest.poll.options.length > MANY;
  }

  #become(kind) {
    if (kind === this.kind && this.node.dataset.chart) return;
    this.kind = kind;
    set(this.node, "data-chart", kind);
    this.#donut?.remove();
    this.#donut = null;
    this.changed();
  }

  /** The kind in which the poll can be drawn now. Most have bars: what draws others is loaded for the first of them. */
  #drawable(kind) {
    if (kind === "bars" || this.#shapes.has(kind)) return kind;
    this.#load(kind);
    return "bars";
  }

  async #load(kind) {
    if (this.#loading) return;
    this.#loading = true;
    try {
      const { sheet } = await later("sheets");
      const [made] = await Promise.all([kind === "donut" && later("chart/donut"), sheet(`chart/${kind}`)]);
      this.#shapes.set(kind, made);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error; // the next counts try again
    }
    this.#loading = false;
    if (this.#shapes.has(kind)) this.show(this.#latest);
  }

  #keepRows(poll) {
    const places = new Map(byPosition(poll.options).map(({ id }, place) => [id, place]));
    for (const [id, { item }] of this.#rows) {
      if (places.has(id)) continue;
      item.remove();
      this.#rows.delete(id);
    }
    for (const [id, place] of places) {
      if (!this.#rows.has(id)) this.#rows.set(id, new Row(id));
      this.#rows.get(id).stand(place);
    }
  }

  #fill(poll, totals, hold) {
    const counts = new Map(totals.options.map(({ id, votes_count: count }) => [id, count]));
    const shares = sharesById(totals);
    const first = hold ? new Set() : ahead(totals);
    const most = Math.max(...counts.values());
    for (const { id, option_text: text } of poll.options) {
      const count = hold ? null : (counts.get(id) ?? null);
      this.#rows.get(id).show(text, { count, most, total: totals.total_votes, share: shares.get(id), first });
    }
    const { style } = this.list;
    const figures = Math.max(MOST_FIGURES - 1, ...[...shares.values()].map((share) => percent(share).length));
    style.setProperty("--figures", figures);
    style.setProperty("--spare", Math.max(0, MOST_FIGURES - figures));
    const words = poll.options.flatMap(({ option_text: text }) => text.split(/\s/));
    const longest = Math.max(...words.map(({ length }) => length));
    style.setProperty("--word", Math.min(LONGEST_WORD, longest));
    set(this.list, "data-whole", longest <= LONGEST_WORD);
    style.setProperty("--digits", Math.max(LEAST_DIGITS, number(totals.total_votes).length));
  }

  /** Put the rows into their order: at once if `now` or for the first time, else calmly. */
  #arrange(now) {
    const { poll, totals, hold } = this.#latest;
    const { shown, more } = arrangement(poll, totals, { hold, all: this.all, most: MANY });
    const order = shown.map(({ id }) => id).join();
    if (order === this.#order) return;
    const wait = this.#movedAt + REST_MS - performance.now();
    clearTimeout(this.#waiting);
    if (this.#order && !now && wait > 0) {
      this.#waiting = setTimeout(() => this.#arrange(true), wait);
      return;
    }
    const moves = Boolean(this.#order);
    this.#order = order;
    if (moves) this.#movedAt = performance.now();
    const place = () => this.#place(shown.map(({ id }) => id), more);
    if (moves) glide(this.list, place);
    else place();
  }

  #place(ids, more) {
    const inside = new Set(ids);
    const before = [...this.#rows.values()].filter(({ item }) => item.isConnected && !item.hidden).length;
    const rows = [...ids, ...[...this.#rows.keys()].filter((id) => !inside.has(id))];
    rows.forEach((id, index) => {
      const { item } = this.#rows.get(id);
      item.hidden = !inside.has(id);
      item.style.setProperty("--nth", index);
      if (this.list.children[index] !== item) this.list.insertBefore(item, this.list.children[index] ?? null);
    });
    this.#more.hidden = !more;
    write(this.#more, more ? say("live.more", { n: more }) : "");
    if (before !== ids.length) this.changed();
  }

  /** The moment at which results are shown: bars grow one after another, and then the leader is named. */
  #reveal() {
    if (calm.matches) return;
    clearTimeout(this.#calming);
    this.node.classList.add("revealing");
    this.#calming = setTimeout(() => this.node.classList.remove("revealing"), REVEAL_MS);
  }

  #drawDonut() {
    if (this.#donut) {
      this.#donut.show(this.#latest);
      return;
    }
    const { Donut } = this.#shapes.get("donut");
    this.#donut = new Donut(this.#latest);
    this.node.prepend(this.#donut.node);
  }
}

/** The line of one option. */
class Row {
  #bar = new Bar();
  #letter = element("span", { class: "letter", "aria-hidden": "true" });
  #ahead = element("span", { class: "unseen" });
  #crown = element("span", { class: "crown" }, icon(CROWN), this.#ahead);
  #name = element("span", { class: "name" });

  constructor(id) {
    const [track, text, figures] = this.#bar.parts;
    this.#name.append(text, this.#crown);
    this.item = element("li", { class: "bar", "data-option": id }, this.#letter, this.#name, figures, track);
  }

  /** Take the colour and the letter of a place in the poll. */
  stand(place) {
    this.item.style.setProperty("--colour", nthColour(place));
    write(this.#letter, nthLetter(place));
  }

  show(text, { count, most, total, share, first }) {
    const id = Number(this.item.dataset.option);
    this.#bar.show(text, count, total, share);
    this.item.style.setProperty("--tall", count ? count / most : 0);
    set(this.item, "data-count", count);
    set(this.item, "data-leads", first.has(id));
    write(this.#ahead, first.has(id) ? say(first.size > 1 ? "live.tied" : "live.leads") : "");
  }
}

/** Let `change` rearrange the children of `list`, and let each glide from its old place to its new one,
 * so that eyes can follow. */
function glide(list, change) {
  const rows = [...list.children].filter((row) => !row.hidden);
  const before = calm.matches ? null : new Map(rows.map((row) => [row, place(row)]));
  change();
  if (!before) return;
  const after = [...list.children].filter((row) => !row.hidden && before.has(row)).map((row) => [row, place(row)]);
  for (const [row, [left, top]] of after) {
    const [x, y] = [before.get(row)[0] - left, before.get(row)[1] - top];
    if (x || y) row.animate({ transform: [`translate(${x}px, ${y}px)`, "none"] }, GLIDE);
  }
}

function place(row) {
  return [row.offsetLeft, row.offsetTop];
}
