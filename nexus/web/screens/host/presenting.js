/** The stage in a tab of its own, with the host's rights: by a code that serves once, so nobody logs in on stage. */

import { element } from "../dom.js";
import { staging } from "../invite.js";
import { say } from "../words.js";
import { told } from "./faults.js";
import { announce } from "./parts.js";

/** Open the stage of `poll`; what becomes of it is announced in `line`. To be called while a click lasts: the tab opens
 * first, and gets its address when the code is there, so that no browser takes it for an unasked one. */
export async function present(server, poll, line) {
  const tab = open("", "_blank");
  if (tab) forget(tab);
  announce(line, "");
  try {
    const { code } = await server.call("POST", `/polls/${poll.id}/pairing/`, { role: "presenter", handover: true });
    const stage = `${staging}live/${poll.code}#pair=${code}`;
    if (tab && !tab.closed) tab.location.replace(stage);
    else offer(stage, line);
  } catch (error) {
    tab?.close();
    announce(line, told(error), true);
  }
}

/** Let the new tab know neither this one nor its login, of which browsers give it a copy. */
function forget(tab) {
  try {
    tab.sessionStorage.clear();
  } catch {
    // The browser blocks storages: then there is no copy.
  }
  tab.opener = null;
}

function offer(stage, line) {
  announce(line, say("hosting.present_blocked"), true);
  line.append(" ", element("a", { href: stage, target: "_blank", rel: "noopener" }, say("hosting.present_link")));
}
