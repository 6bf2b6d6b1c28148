/** What a brand looks like: a small stage, and a phone in light and in dark colours. */

import { wear } from "../brand.js";
import { nthColour } from "../chart/standing.js";
import { element, fill } from "../dom.js";
import { brandMark, say } from "../words.js";

const CODE = "K7M2QP"; // of an example
const PARTS = { sea: 64, hills: 36 }; // of the votes of an example, in percent

/** Three pictures, which `show` paints. */
export class BrandPreview {
  #stage = frame("mini stage", "brand.on_stage");
  #light = frame("mini phone", "brand.light");
  #dark = frame("mini phone", "brand.dark");

  /** What to put into the page; screen readers have nothing of it. */
  node = element("div", { class: "minis", "aria-hidden": "true" }, this.#stage.node, this.#light.node, this.#dark.node);

  /** Show a look, as the server tells it. */
  show(look) {
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const theme = look.stage === "auto" ? system : look.stage;
    for (const [{ screen }, scheme] of [[this.#stage, theme], [this.#light, "light"], [this.#dark, "dark"]]) {
      screen.dataset.theme = scheme;
      wear(screen, look, scheme);
      const inside = screen === this.#stage.screen ? [...bars(), element("p", { class: "join" }, CODE)] : options();
      fill(screen, element("p", { class: "brand" }, brandMark(look)), element("p", { class: "ask" }, say("brand.question")), inside);
    }
  }
}

function frame(kind, label) {
  const screen = element("div", { class: kind });
  return { screen, node: element("figure", {}, screen, element("figcaption", {}, say(label))) };
}

function bars() {
  return Object.entries(PARTS).map(([name, part], place) => {
    const filled = element("span", { class: "fill" });
    filled.style.inlineSize = `${part}%`;
    filled.style.backgroundColor = nthColour(place);
    return element("div", { class: "share" }, element("span", {}, say(`brand.${name}`)), element("span", { class: "groove" }, filled));
  });
}

function options() {
  return Object.keys(PARTS).map((name, n) => element("span", { class: n ? "option" : "option chosen" }, say(`brand.${name}`)));
}
