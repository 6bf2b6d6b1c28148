/** The stage of this page: one, with the overlay that the address asks for. */

import { byId } from "../dom.js";
import { readOverlay } from "../overlay.js";
import { Stage } from "./stage.js";

/** What the page is an overlay of; null if it is none. */
export const overlay = readOverlay(location.search);

if (overlay) {
  Object.assign(document.body.dataset, { at: overlay.at, show: overlay.show.join(" ") });
  document.documentElement.dataset.theme = overlay.theme;
}

let stage = null;

/** The stage in this page, below `link`; a new one where another view has taken its place. */
export function staged(link) {
  if (!stage?.node.isConnected) stage = new Stage(byId("screen"), link, { overlay });
  return stage;
}
