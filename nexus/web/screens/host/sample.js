/** How a poll will look: on a phone and on the stage, small, with votes made up. Screen readers are told the settings
 * themselves, and not this. */

import { percent, shares } from "../bar.js";
import { nthColour } from "../chart/colours.js";
import { chartOf } from "../chart/standing.js";
import { element, fill, set } from "../dom.js";
import { say } from "../words.js";

const SHOWN = { phone: 6, stage: 6 };
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

  /** Show what the form holds: the fields as the server takes them, and the options' texts. */
  show(values, options) {
    const texts = options.length ? options : [say("host.option_n", { n: 1 }), say("host.option_n", { n: 2 })];
    const question = values.question || say("host.question");
    for (const look of [this.#phone, this.#stage]) {
      set(look, "lang", values.language);
      set(look, "data-empty", !values.question);
    }
    const title = () => element("p", { class: "asked", dir: "auto" }, question);
    fill(this.#phone, title(), element("ul", {}, texts.slice(0, SHOWN.phone).map((text) => this.#choice(text, values))));
    fill(this.#stage, title(), this.#chart(values, texts));
  }

  #choice(text, { max_choices: most }) {
    const mark = element("span", { class: most > 1 ? "box" : "dot" });
    return element("li", {}, mark, element("span", { dir: "auto" }, text));
  }

  #chart({ chart, option_order: order, max_choices: most }, texts) {
    const counts = texts.map((_, n) => VOTES[n] ?? 1);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const parts = shares(counts, total);
    let rows = texts.map((text, place) => ({ text, place, count: counts[place], share: parts[place] }));
    if (order === "votes") rows = rows.sort((a, b) => b.count - a.count);
    const kind = chartOf({ chart, options: texts, max_choices: most });
    const shown = kind === "bars" ? rows.slice(0, SHOWN.stage) : rows;
    const list = element("ul", { class: kind }, shown.map((row) => this.#row(row, Math.max(...counts))));
    return kind === "donut" ? element("div", { class: "round" }, donut(rows, total), list) : list;
  }

  #row({ text, place, count, share }, most) {
    const bar = element("span", { class: "bar-fill" });
    bar.style.setProperty("--part", count / most);
    bar.style.setProperty("--colour", nthColour(place));
    const name = element("span", { class: "name", dir: "auto" }, text);
    return element("li", {}, name, element("span", { class: "figure" }, percent(share)), bar);
  }
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
