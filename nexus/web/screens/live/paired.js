/** A stage that is let in by a pairing code: the one in its address, or one that its tab has used before. */

import { Refused } from "../../client.js";
import { framed, root } from "../dom.js";
import { pairedWith, usePairing } from "../pairing.js";
import { later, persist } from "../persist.js";
import { say } from "../words.js";

/** Use up the pairing code in the page's address, which leaves it at once: `{paired, notice}`, the access of this tab, and
 * what the presenter should know of it. */
export async function takeUp(code, link) {
  const notice = await used(code, link);
  return { paired: pairedWith(code), notice };
}

async function used(code, link) {
  const pairing = new URLSearchParams(location.hash.slice(1)).get("pair");
  if (!pairing) return "";
  history.replaceState(history.state, "", location.pathname + location.search);
  if (framed) return "";
  try {
    const paired = await persist(link, () => usePairing(pairing));
    if (paired.code !== code) location.replace(`${root}live/${paired.code}`);
    return "";
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    await persist(link, () => later("code", "code"));
    return say("code.pairing_gone");
  }
}
