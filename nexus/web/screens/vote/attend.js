/** How a voter enters a poll: as a guest, or with an account if the poll admits no guests. */

import { Refused, connect, enter, lasts, session } from "../../client.js";
import { byId, element, fill, framed, root } from "../dom.js";
import { comeBack, later, persist } from "../persist.js";
import { Touch } from "../touch.js";
import { block, brandMark, reason, say } from "../words.js";
import { Seat } from "./seat.js";

/** Take a seat in the poll of this page, and keep it. `given` is the data in the page, `link` the place for news of the
 * connection, and `sheet` the page of a poll, which is laid in already if the poll was known. */
export async function attend(given, link, sheet) {
  await comeBack(link);
  const at = { url: root, code: given.code };
  if (given.waiting) {
    try {
      await persist(link, async () => (await later("lobby")).waitOnPhone(at.code, link));
    } catch (error) {
      if (error instanceof Refused) return turnAway(link, error, at.code);
      throw error;
    }
  }
  if (given.refused === "poll_not_found") return turnAway(link, new Refused(given.refused, ""), at.code);
  const way = given.refused === "guests_not_allowed" ? await account(given, at, link) : await entry(given, at, link);
  if (!way) return null;
  const client = connect({ url: at.url, token: way.token });
  new Touch(link, client, farewell, () => say("vote.offline"));
  try {
    const room = await client.join(way.target);
    if (!sheet.list.isConnected) sheet.lay(link); // not known at first, or replaced by the form for logging in
    return new Seat({ client, room, sheet, note: way.guest && !lasts("device") ? say("vote.fleeting") : null });
  } catch (error) {
    client.close();
    return turnAway(link, error, at.code);
  }
}

/** A token and what to join with it, or null if there is none and the page says why. */
async function entry(given, at, link) {
  try {
    const guest = await persist(link, () => enter(at));
    return { token: guest.token, target: guest.poll, guest };
  } catch (error) {
    if (error.code === "guests_not_allowed") return account(given, at, link);
    if (error instanceof Refused) return turnAway(link, error, at.code);
    throw error;
  }
}

/** Entering with an account: by the login of this tab or device, or a new one. */
async function account(given, at, link) {
  if (framed) return leadOutside(link);
  const known = session({ url: at.url });
  if (known) return { token: known.token, target: at.code };
  let entered;
  const login = new Promise((resolve) => (entered = resolve));
  const form = (await persist(link, () => later("login"))).loginForm(entered);
  link.hidden = true;
  const why = element("p", {}, say("shared.refused_guests_not_allowed"));
  show(link, element("h1", {}, say("login.heading")), why, form, element("p", { class: "faint" }, wayToAccount(at.code)));
  if (given.poll) nameService(); // one that any guest could see wears its host's brand, else the operator's
  form.querySelector("input").focus();
  return { token: (await login).token, target: at.code };
}

/** How those get an account who have none. */
function wayToAccount(code) {
  if (block("registration") === "closed") return say("login.by_invitation");
  return element("a", { href: `${root}host#/register/${code}` }, say("login.to_register"));
}

function farewell(error) {
  if (error?.status !== 401 && error?.code !== 4501) return null;
  const again = element("button", { type: "button", on: { click: () => location.reload() } }, say("shared.reload"));
  return [say("shared.link_expired"), again];
}

async function turnAway(link, error, code) {
  const unknown = error.code === "poll_not_found";
  const title = say(unknown ? "vote.unknown" : "vote.no_entry");
  show(link, element("h1", {}, title), !unknown && element("p", { id: "why" }, reason(error)));
  const { codeForm } = await persist(link, () => later("code"));
  byId("screen").append(codeForm(code, "vote/", unknown ? reason(error) : ""));
  link.hidden = true;
  return null;
}

/** Lead from a frame to the same page in a tab of its own. */
function leadOutside(link) {
  const outside = { class: "button main", href: location.href, target: "_blank", rel: "noopener" };
  const why = element("p", { id: "why" }, say("shared.refused_guests_not_allowed"));
  show(link, element("h1", {}, say("vote.no_entry")), why, element("a", outside, say("vote.open_outside")));
  link.hidden = true;
  return null;
}

/** Put the address of the service, which logs in, in the place of a host's brand, and its colours away (vote.css). */
function nameService() {
  const main = byId("screen");
  main.classList.add("service");
  fill(main.querySelector(".brand"), element("bdi", {}, location.host));
}

function show(link, ...nodes) {
  const main = byId("screen");
  main.className = "entry";
  fill(main, link, element("p", { class: "brand" }, brandMark()), ...nodes);
}
