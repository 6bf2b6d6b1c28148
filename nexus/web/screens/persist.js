/** What needs the server: retried for as long as the page is open, or loaded only once it is needed. */

import { Unreachable } from "../client.js";
import { fill } from "./dom.js";
import { load, say } from "./words.js";

const FIRST_MS = 1000;
const LONGEST_MS = 10_000;
const QUIET_MS = 1500; // after which nothing else is loading, and it may be had before it is needed
const AGAIN_MS = 3000;
const USES = ["keydown", "pointerdown", "pointermove", "focusin"];

/** The module of this name, which few people need, with the `sections` of words that it says. It is a template, so that
 * pages do not list it among the modules to load at once. Rejects with `Unreachable`. */
export async function later(name, ...sections) {
  try {
    const [module] = await Promise.all([import(`./${name}.js`), ...sections.map(load)]);
    return module;
  } catch (cause) {
    throw new Unreachable(`The module ${name} could not be loaded.`, { cause });
  }
}

/** Call `load` at the first use of the page, or a while after its opening, until it has succeeded; keys that were pressed
 * meanwhile are pressed again then. `signal` ends this. */
export function whenUsed(load, signal) {
  const keys = [];
  const done = new AbortController();
  let loading = false;
  let planned = null;
  const begin = async () => {
    clearTimeout(planned);
    if (loading || signal.aborted || done.signal.aborted) return;
    loading = true;
    try {
      await load();
    } catch (error) {
      loading = false;
      planned = setTimeout(begin, AGAIN_MS);
      if (error instanceof Unreachable) return; // which the page says; the next use tries again, or time
      throw error;
    }
    done.abort();
    for (const event of keys) (event.target ?? document).dispatchEvent(new KeyboardEvent("keydown", event));
  };
  const use = (event) => {
    if (event.type === "keydown") keys.push(event);
    begin();
  };
  for (const name of USES) document.addEventListener(name, use, { signal: done.signal });
  signal.addEventListener("abort", () => done.abort());
  planned = setTimeout(begin, QUIET_MS);
}

/** Take over the login of somebody who comes back from the OpenID provider to this page. */
export async function comeBack(link) {
  if (location.hash.startsWith("#login=")) await persist(link, async () => (await later("provider")).takeOver());
}

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
