/** What a stage says where there is nothing to show: no poll has its code, it may not be seen, or it is gone. */

import { byId, element, fill, framed } from "../dom.js";
import { later, persist } from "../persist.js";
import { sheet } from "../sheets.js";
import { reason, say } from "../words.js";

/** Say why the poll of `given` can't be shown: the sentence `said`, else that of `error`. Whoever logs in gets another
 * try by `again()`. */
export async function turnAway(link, { error, said, given, again }) {
  const unknown = error?.code === "poll_not_found";
  const text = said || reason(error);
  await persist(link, () => sheet("entry"));
  link.hidden = true;
  const why = element("p", { id: "why", hidden: unknown }, text); // then the field says it
  const title = element("h1", {}, say(unknown ? "live.unknown" : "live.no_entry"));
  // Only its host sees a draft; to everyone else there is no such poll.
  const login = !framed && element("details", {}, element("summary", {}, say("live.do_login")));
  put(link, title, why, login);
  const needs = () => Promise.all([later("login", "login"), later("code", "code")]);
  const [{ loginForm }, { codeForm }] = await persist(link, needs);
  link.hidden = true;
  if (unknown) why.after(codeForm(given.code, "live/", text));
  if (login) login.append(loginForm(again));
}

/** Say that what was shown has been deleted. */
export async function gone(link) {
  await persist(link, () => sheet("entry"));
  put(element("h1", {}, say("live.deleted")));
}

function put(...inside) {
  const main = byId("screen");
  main.className = "entry";
  fill(main, ...inside);
}
