/** What a page needs only once somebody uses it. */

import { Unreachable } from "../../client.js";

const QUIET_MS = 1500; // after which nothing else is loading, and it may be had before it is needed
const AGAIN_MS = 3000;
const USES = ["keydown", "pointerdown", "pointermove", "focusin"];

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
