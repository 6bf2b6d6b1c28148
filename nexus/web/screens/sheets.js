/** Sheets that few pages need: loaded once they do. */

import { Unreachable } from "../client.js";

/** Load the sheet of this name, unless the page has it. Rejects with `Unreachable`. */
export async function sheet(name) {
  const href = new URL(`./${name}.css`, import.meta.url).href;
  if ([...document.styleSheets].some((one) => one.href === href)) return;
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  const loaded = new Promise((resolve) => Object.assign(link, { onload: () => resolve(true), onerror: () => resolve(false) }));
  document.head.append(link);
  if (await loaded) return;
  link.remove();
  throw new Unreachable(`The sheet ${name} could not be loaded.`);
}
