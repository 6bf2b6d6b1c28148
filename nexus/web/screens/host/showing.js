/** What an event shows, and how its questions stand. */

import { set, write } from "../dom.js";
import { say } from "../words.js";
import { showStatus } from "./parts.js";

/** The place of the question that is shown, from 1; null where nothing is. */
export function shownPlace({ polls, shown }) {
  const place = polls.findIndex(({ id }) => id === shown);
  return place < 0 ? null : place + 1;
}

/** Whether `me` may do with an event what its owner alone may: delete it, hand it over, and say who hosts it too. */
export function owns({ created_by: owner }, me) {
  return owner === me.sub || me.roles.includes("admin");
}

/** Show on a badge how a question stands in its event, whose `shown` one it may be. There a draft is no unfinished work:
 * it waits for its turn. */
export function showTurn(node, status, shown) {
  if (status !== "draft") return showStatus(node, status);
  set(node, "data-status", status);
  write(node, say(shown ? "event.unopened" : "event.unasked"));
}
