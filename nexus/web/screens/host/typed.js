/** What was typed into a form and not saved: kept in the tab, so that a reload or a lost login loses nothing. */

import { root } from "../dom.js";

const KEY = `nexus:typed:${root}`;

/** Keep `held` of the form `name` of the account `sub`; there is room for one form. */
export function keep(sub, name, held) {
  attempt((storage) => storage.setItem(KEY, JSON.stringify({ sub, name, held })));
}

/** What was kept of that form; null if nothing was. */
export function kept(sub, name) {
  const found = attempt((storage) => JSON.parse(storage.getItem(KEY)));
  return found?.sub === sub && found.name === name ? found.held : null;
}

/** Forget it: it was saved, or is not wanted. */
export function forget() {
  attempt((storage) => storage.removeItem(KEY));
}

/** What `work` returns, or null where the browser stores nothing: then a reload loses what was typed. */
function attempt(work) {
  try {
    return work(sessionStorage);
  } catch {
    return null;
  }
}
