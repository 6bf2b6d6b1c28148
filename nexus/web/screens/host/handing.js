/** Files for the host to save. */

import { element } from "../dom.js";

const KEPT_MS = 60_000; // for browsers that ask where to save it

/** Save `blob` under a name. */
export function hand(blob, name) {
  const url = URL.createObjectURL(blob);
  const link = element("a", { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
}
