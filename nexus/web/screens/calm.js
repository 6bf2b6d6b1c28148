/** A calm message in the middle of a page, for when there is nothing to do. */

import { element, icon } from "./dom.js";

/** A message: the `path` of its icon, its heading, which can have the focus, and what is below. */
export function calm(path, heading, ...below) {
  const sign = element("span", { class: "sign", "aria-hidden": "true" }, icon(path));
  return element("div", { class: "calm" }, sign, element("h1", { tabindex: -1 }, heading), ...below);
}
