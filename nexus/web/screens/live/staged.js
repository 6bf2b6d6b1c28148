/** The stage of this page: one, with the overlay that it may be. */

import { byId } from "../dom.js";
import { Stage } from "./stage.js";

/** What the page is an overlay of (screens/overlay.js); null if it is none. */
export let overlay = null;

let stage = null;

/** Make an overlay of the page, before anything is staged. */
export function lay(asked) {
  overlay = asked;
  const form = /left|right/.test(asked.at) ? "corner" : "band";
  Object.assign(document.body.dataset, { at: asked.at, form, show: asked.show.join(" ") });
  document.body.style.setProperty("--scale", asked.scale);
  document.documentElement.dataset.theme = asked.theme;
}

/** The stage in this page, below `link`; a new one where another view has taken its place. */
export function staged(link) {
  if (!stage?.node.isConnected) stage = new Stage(byId("screen"), link, { overlay });
  return stage;
}

/** Whether the stage hides the counts, even if its viewer may see them: it shows no more than the poll's results policy
 * lets everyone see. */
export function veiled(poll, status) {
  if (poll.results === "live") return false;
  return poll.results === "host" || status !== "closed";
}

/** What a stage shows of a room: `{poll, totals, online, hold}`, where `hold` hides the counts. */
export function seen({ poll, totals, online = null }) {
  return { poll, totals, online, hold: totals.visibility !== "full" || veiled(poll, totals.status) };
}
