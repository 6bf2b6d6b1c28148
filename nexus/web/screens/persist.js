/** Trying again, for as long as the page is open, what only waits for the server. */

import { Unreachable } from "../client.js";
import { fill } from "./dom.js";
import { say } from "./words.js";

const FIRST_MS = 1000;
const LONGEST_MS = 10_000;

/** Say `text` in `link`, the place for words about the connection. */
export function tell(link, text) {
  fill(link, text);
  link.hidden = false;
}

/** What `attempt` gives, however long the server is out of reach, which `link` says meanwhile. The waits double, are
 * spread over an audience, and are no shorter than the server asks for. Rejects with whatever is not `Unreachable`. */
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
