/** How a poll will look: on a phone and on the stage, small, with votes made up. Screen readers are told the settings
 * themselves, and not this. */

import { percent, shares } from "../bar.js";
import { chartOf, nthColour, nthLetter } from "../chart/standing.js";
import { element, fill, icon, set } from "../dom.js";
import { number, say } from "../words.js";

const SHOWN = { phone: 8, stage: 6 }; // a phone cuts the last off: its page scrolls
// What a join card looks like from afar: it leads nowhere.
const CODE = "K7M2QP";
const QR =
  "M2 2h7v7H2zm2 2v3h3V4zM15 2h7v7h-7zm2 2v3h3V4zM2 15h7v7H2zm2 2v3h3v-3zM11 2h2v4h-2zm0 6h2v3h3v2h-3v3h-2v-3H8v-2h3zM2 11h4v2H2z" +
  "m16 0h4v3h-2v2h-2v-3h2zm-7 7h2v4h-2zm4-2h2v2h3v4h-2v-2h-3zm5 0h2v2h-2z";
const CROWN = "M3 7l4.5 3.6L12 4l4.5 6.6L21 7l-1.8 11H4.8z";
const VOTES = [21, 34, 13, 8, 5, 3, 2, 2];

/** The picture; `node` is its element. */
export class Sample {
  #phone = element("div", { class: "phone" });
  #stage = element("div", { class: "stage" });

  constructor() {
    const part = (name, look) => element("figure", {}, look, element("figcaption", {}, say(`hosting.sample_${name}`)));
    const looks = element("div", { class: "looks", "aria-hidden": "true" }, part("stage", this.#stage), part("phone", this.#phone));
    this.node = element("section", { class: "sampled", "aria-label": say("hosting.preview") }, looks);
  }

  /** Show what the form holds: the fields as the server takes them, and the options' texts; `code` is the one by which
   * people enter, or one made up. */
  show(values, options, code = CODE) {
    const texts = options.length ? options : [say("host.option_n", { n: 1 }), say("host.option_n", { n: 2 })];
    const question = values.question || say("host.question");
    for (const look of [this.#phone, this.#stage]) {
      set(look, "lang", values.language);
      set(look, "data-empty", !values.question);
    }
    const title = () => element("p", { class: "asked", dir: "auto" }, question);
    fill(this.#phone, title(), element("ul", {}, texts.slice(0, SHOWN.phone).map((text) => this.#choice(text, values))));
    const picture = icon(QR);
    set(picture, "data-theme", "light"); // readers want dark on light
    const join = element("div", { class: "join" }, picture, element("span", { dir: "ltr" }, code));
    fill(this.#stage, title(), element("div", { class: "panel" }, this.#chart(values, texts)), join);
  }

  #choice(text, { max_choices: most }) {
    const mark = element("span", { class: most > 1 ? "box" : "dot" });
    return element("li", {}, mark, element("span", { dir: "auto" }, text));
  }

  #chart({ chart, option_order: order, max_choices: choices }, texts) {
    const counts = texts.map((_, n) => VOTES[n] ?? 1);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const parts = shares(counts, total);
    const most = Math.max(...counts);
    const row = (text, place) => ({ text, place, count: counts[place], share: parts[place], leads: counts[place] === most });
    let rows = texts.map(row);
    if (order === "votes") rows = rows.sort((a, b) => b.count - a.count);
    const kind = chartOf({ chart, options: texts, max_choices: choices });
    const fits = kind !== "bars" || rows.length <= SHOWN.stage;
    const shown = fits ? rows : rows.slice(0, SHOWN.stage - 1);
    const whole = kind === "bars" ? total : most; // what the whole length stands for
    const list = element("ul", { class: kind, "data-many": shown.length > 4 }, shown.map((one) => this.#row(one, kind, whole)));
    if (!fits) list.append(element("li", { class: "rest" }, `+${number(rows.length - shown.length)}`));
    return kind === "donut" ? element("div", { class: "round" }, ring(rows, total), list) : list;
  }

  #row({ text, place, count, share, leads }, kind, whole) {
    const bar = element("span", { class: "bar-fill" }, kind === "donut" && nthLetter(place));
    const groove = element("span", { class: "groove" }, bar);
    bar.style.setProperty("--part", count / whole);
    bar.style.setProperty("--colour", nthColour(place));
    const name = element("span", { class: "name" }, element("span", { dir: "auto" }, text), leads && icon(CROWN));
    const figure = element("span", { class: "figure" }, percent(share));
    return element("li", { "data-leads": leads }, name, element("span", { class: "count" }, number(count)), figure, groove);
  }
}

/** A donut, and who is ahead in its middle. */
function ring(rows, total) {
  const { place, share } = rows.find(({ leads }) => leads);
  const middle = element("span", { class: "middle" }, element("strong", {}, percent(share)), nthLetter(place));
  return element("div", { class: "ring" }, donut(rows, total), middle);
}

function donut(rows, total) {
  let from = 0;
  const slices = rows.map(({ place, count }) => {
    const begin = from;
    from += count / total;
    return `${nthColour(place)} ${begin}turn ${from}turn`;
  });
  const made = element("span", { class: "donut" });
  made.style.backgroundImage = `conic-gradient(${slices.join(", ")})`;
  return made;
}
