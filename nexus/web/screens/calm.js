/** A calm message in the middle of a page, for when there is nothing to do: it can show that the page is alive. */

import { element, icon } from "./dom.js";

/** A message: the `path` of its icon, its heading, and what is below. An `alive` one breathes, unless people ask for less
 * movement: it waits for something by itself. */
export function calm(path, heading, { alive = false } = {}, ...below) {
  const sign = element("span", { class: "sign", "aria-hidden": "true" }, icon(path));
  return element("div", { class: "calm", "data-alive": alive }, sign, element("h1", { tabindex: -1 }, heading), ...below);
}
