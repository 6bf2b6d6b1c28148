/** Retrying, for as long as the page is open, what only needs the server to be back. */

import { Unreachable } from "../client.js";
import { fill } from "./dom.js";
import { say } from "./words.js";

const FIRST_MS = 1000;
const LONGEST_MS = 10_000;

/** Show `text` in `link`, the place for news of the connection. */
export function tell(link, text) {
  fill(link, text);
  link.hidden = false;
}

/** The result of `attempt`, however long the server can't be reached; meanwhile `link` says so. The waits double, vary
 * over an audience, and are no shorter than the server asks for. Rejects with any error but `Unreachable`. */
export async function persist(link, attempt) {
  for (let wait = FIRST_MS; ; wait = Math.min(LONGEST_MS, wait * 2)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      tell(link, say("shared.unreachable"));
      const spread = 0.75 + Math.random() / 2;
      await new Promise((resolve) => setTimeout(resolve, Math.max(error.afterMs, wait) * spread));
    }
  }
}
