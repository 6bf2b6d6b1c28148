/** Logging in with an OpenID provider: the link that leads there, and coming back with the code of a login. */

import { Refused, redeem } from "../client.js";
import { element, root } from "./dom.js";
import { block, say } from "./words.js";

const KEEP = "nexus:keep-login"; // in which storage the login is to be kept, for the page that comes back

let code = null;
let lost = false;

/** The link, which leads back to this page; `kept` is what `keeping` made. */
export function providerLink(kept) {
  const { name, begin } = block("provider");
  const told = lost ? [element("p", { class: "note warn", role: "status" }, say("provider.code_lost"))] : [];
  const link = element("a", { class: "button" }, say("provider.with", { name }));
  // The place in the page may change before the link is followed.
  const lead = () => (link.href = `${begin}?to=${encodeURIComponent(here())}`);
  lead();
  link.addEventListener("click", () => {
    lead();
    try {
      sessionStorage.setItem(KEEP, kept.storage());
    } catch {
      // The browser stores nothing: the login lasts as long as the page.
    }
  });
  return [...told, link];
}

/** This page, as `to` names it. */
function here() {
  const given = block("given");
  if (!given) return `/host${location.hash}`;
  const stage = document.body.classList.contains("live");
  return `/${stage ? "live" : "vote"}/${given.code}${location.search}`;
}

/** Take over the login whose code is in the address, and remove it there; null if the code no longer serves, which the
 * next `providerLink` says. Rejects with `Unreachable`: then it can be called again. */
export async function takeOver() {
  code ??= takeCode();
  try {
    return await redeem({ url: root, code, storage: storage() });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    lost = true;
    return null;
  }
}

function takeCode() {
  const given = new URLSearchParams(location.hash.slice(1));
  const place = given.get("to");
  history.replaceState(history.state, "", place ? `#${place}` : location.pathname + location.search);
  return given.get("login");
}

function storage() {
  try {
    return sessionStorage.getItem(KEEP) === "device" ? "device" : "tab";
  } catch {
    return "tab";
  }
}
