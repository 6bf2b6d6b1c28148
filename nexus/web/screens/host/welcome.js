/** What a list shows that is empty: where to begin. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { templates } from "./templates.js";

const WAYS = { poll: "#/new", event: "#/events/new" };

/** A card with both things that a host can make, each with one line that says what it is; `first` is the name of the one
 * that is offered first. */
export function waysToBegin(first) {
  const names = Object.keys(WAYS).sort((one) => (one === first ? -1 : 1));
  const ways = names.map((name) => {
    const texts = [element("h3", {}, say(`hosting.a_${name}`)), element("p", {}, say(`hosting.is_${name}`))];
    const kind = name === first ? "button main" : "button";
    return element("div", { class: "way" }, texts, element("a", { class: kind, href: WAYS[name] }, say(`hosting.begin_${name}`)));
  });
  const title = element("h2", {}, say("hosting.welcome"));
  return element("section", { class: "card welcome", hidden: true }, title, element("div", { class: "ways-in" }, ways));
}

/** The card with both, and with templates of polls to begin with. */
export class Welcome {
  constructor() {
    const cards = templates().map(({ name, options }) => {
      const texts = options.map((text) => element("span", {}, text));
      const picture = element("span", { class: "sample", "aria-hidden": "true" }, texts);
      return element("li", {}, element("a", { href: `#/new?template=${name}` }, picture, say(`hosting.template_${name}`)));
    });
    /** The card. */
    this.node = waysToBegin("poll");
    this.node.append(element("ul", { class: "templates" }, cards));
  }
}
