/** The lobby: what a phone and a stage show while their poll can't be seen yet. Nothing of it is known here but its code. */

import { waitFor } from "../client.js";
import { byId, element, fill, icon, root } from "./dom.js";
import { tell } from "./persist.js";
import { brandMark, locale, say } from "./words.js";

const PATIENCE_MS = 1000; // shorter interruptions are not mentioned
const SPREAD_MS = 2000; // over which an audience comes in that was told all at once
const CHECK = "M9 16.2 4.8 12l-1.4 1.4L9 19 21 7l-1.4-1.4z";

/** The lobby of a phone, until the poll of `code` can be seen; `link` is the place for news of the connection. Rejects with
 * `Refused` if no poll has the code any more. */
export async function waitOnPhone(code, link) {
  const halo = element("div", { class: "halo", "aria-hidden": "true" }, icon(CHECK));
  const brand = element("p", { class: "brand" }, brandMark());
  const heading = element("h1", {}, say("lobby.phone_heading"));
  const text = element("p", {}, say("lobby.phone_text"));
  const where = element("p", { class: "faint" }, say("lobby.code"), " ", element("strong", { class: "code" }, code));
  const lobby = element("div", { class: "lobby" }, brand, halo, heading, text, where);
  await waitIn(lobby, code, link, null, () => say("vote.offline"));
  await new Promise((resolve) => setTimeout(resolve, Math.random() * SPREAD_MS));
}

/** Show `lobby` below `link`, and wait until the poll of `code` can be seen, or until `signal`; `lost(since)` is the
 * sentence for a lost connection. */
export async function waitIn(lobby, code, link, signal, lost = (since) => say("shared.link_waiting", { since })) {
  const main = byId("screen");
  document.body.classList.add("waits");
  main.className = "";
  fill(main, link, lobby);
  try {
    await wait(code, link, signal, lost);
  } finally {
    document.body.classList.remove("waits");
    link.hidden = true;
  }
}

/** Wait, and say in `link` whether the server can be reached. */
async function wait(code, link, signal, lost) {
  let timer = null;
  const told = (reached) => {
    clearTimeout(timer);
    if (reached) {
      document.body.dataset.touch = "good";
      link.hidden = true;
    } else {
      const since = new Date().toLocaleTimeString(locale);
      timer = setTimeout(() => {
        document.body.dataset.touch = "lost";
        tell(link, lost(since));
      }, PATIENCE_MS);
    }
  };
  try {
    await waitFor({ url: root, code, signal, waiting: told });
  } finally {
    clearTimeout(timer);
  }
}
