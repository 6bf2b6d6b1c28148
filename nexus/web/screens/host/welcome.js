/** What a list without polls shows: where to begin. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { templates } from "./templates.js";

/** The card with templates to begin with. */
export class Welcome {
  constructor() {
    const cards = templates().map(({ name, options }) => {
      const texts = options.map((text) => element("span", {}, text));
      const picture = element("span", { class: "sample", "aria-hidden": "true" }, texts);
      return element("li", {}, element("a", { href: `#/new?template=${name}` }, picture, say(`hosting.template_${name}`)));
    });
    const begin = element("a", { class: "button main", href: "#/new" }, say("hosting.begin"));
    const head = element("div", { class: "stack tight" }, element("h2", {}, say("hosting.welcome")), begin);
    /** The card. */
    this.node = element("section", { class: "card welcome", hidden: true }, head, element("ul", { class: "templates" }, cards));
  }
}
