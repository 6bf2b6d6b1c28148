/** What a stage says where there is nothing to show: nothing has its code, it may not be seen, or it is gone. */

import { byId, element, fill, framed } from "../dom.js";
import { later, persist } from "../persist.js";
import { sheet } from "../sheets.js";
import { reason, say } from "../words.js";

const UNKNOWN = ["poll_not_found", "event_not_found"];

/** Say why the poll or event of `given` can't be shown: the sentence `said`, else that of `error`. Whoever logs in gets
 * another try by `again()`. */
export async function turnAway(link, { error, said, given, again }) {
  const unknown = UNKNOWN.includes(error?.code);
  const event = "event" in given;
  const members = event && error?.code === "guests_not_allowed" && say("refused.event_members");
  const text = said || members || (unknown ? say("shared.refused_poll_not_found") : reason(error));
  await persist(link, styled);
  link.hidden = true;
  const why = element("p", { id: "why", hidden: unknown }, text); // then the field says it
  const title = element("h1", {}, say(unknown ? "refused.unknown" : event ? "refused.event_no_entry" : "refused.no_entry"));
  // Only its host sees a draft; to everyone else there is no such poll.
  const login = !framed && element("details", {}, element("summary", {}, say("live.do_login")));
  put(link, title, why, login);
  const needs = () => Promise.all([later("login", "login"), later("code", "code")]);
  const [{ loginForm }, { codeForm }] = await persist(link, needs);
  link.hidden = true;
  if (unknown) why.after(codeForm(given.code, "live/", text));
  if (login) login.append(loginForm(again));
}

/** Say by `sentence` that what was shown has been deleted. */
export async function gone(link, sentence) {
  await persist(link, styled);
  put(element("h1", {}, say(sentence)));
}

/** The sheets of such a page. */
function styled() {
  return Promise.all([sheet("forms"), sheet("entry")]);
}

function put(...inside) {
  const main = byId("screen");
  main.className = "entry";
  fill(main, ...inside);
}
