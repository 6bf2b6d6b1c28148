/** The head of the two lists of a host: polls and events, with the way from one to the other. */

import { element } from "../dom.js";
import { say } from "../words.js";

const LISTS = { polls: "#/", events: "#/events" };

/** The head with a `heading`, for the list called `shown`; `more` stands at its end. */
export function listHead(heading, shown, ...more) {
  const link = ([name, href]) =>
    element("a", { href, "aria-current": name === shown ? "page" : null }, say(`hosting.list_${name}`));
  const links = element("nav", { class: "switching", "aria-label": say("hosting.lists") }, Object.entries(LISTS).map(link));
  return element("div", { class: "head" }, heading, links, ...more);
}
