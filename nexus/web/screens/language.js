/** The choice of a language. Since the server writes the pages, a cookie keeps it, and where none can be set, the address
 * of this page (docs/screens.md, "Languages"). */

import { root } from "./dom.js";

const COOKIE = "nexus_language";
const LASTS_S = 365 * 24 * 3600;

/** Show this page, and from now on all others, in the language `tag`. */
export function choose(tag) {
  const kept = `${COOKIE}=${tag}`;
  const { pathname, protocol } = new URL(root);
  const secure = protocol === "https:" ? "; Secure" : "";
  document.cookie = `${kept}; Path=${pathname}; Max-Age=${LASTS_S}; SameSite=Lax${secure}`;
  const address = new URL(location.href);
  if (document.cookie.split("; ").includes(kept)) address.searchParams.delete("lang");
  else address.searchParams.set("lang", tag);
  if (address.href === location.href) location.reload();
  else location.replace(address);
}
