/** How a voter enters a poll: as a guest, or with an account if the poll admits no guests. */

import { Refused, connect, enter, lasts, session } from "../../client.js";
import { byId, element, fill, framed, root } from "../dom.js";
import { comeBack, later, persist } from "../persist.js";
import { Touch } from "../touch.js";
import { block, brandMark, reason, say } from "../words.js";
import { Seat } from "./seat.js";

const UNKNOWN = ["poll_not_found", "event_not_found"];
// What is said to those who need an account.
const POLL = { members: "shared.refused_guests_not_allowed", closed: "vote.no_entry", outside: "vote.open_outside" };
const EVENT = { members: "follow.members", closed: "follow.no_entry", outside: "follow.open_outside" };
const names = (given) => ("event" in given ? EVENT : POLL);

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
  const early = []; // answers to acts of an earlier page, which come before there is a place for them
  client.on("settled", (answer) => early.push(answer));
  const note = way.guest && !lasts("device") ? say("vote.fleeting") : null;
  try {
    const room = await (way.event ? client.enter(way.event) : client.join(way.target));
    if (room.event) return await follow({ client, event: room, link, sheet, note, early }, given);
    if (!sheet.list.isConnected) sheet.lay(link); // not known at first, or replaced by the form for logging in
    return new Seat({ client, room, sheet, note, gone: () => leave(client, link) });
  } catch (error) {
    client.close();
    return turnAway(link, error, at.code);
  }
}

/** Follow an event. Its page has what that needs, unless the server did not know yet what the code is of. */
async function follow(place, given) {
  const words = "event" in given ? [] : ["lobby", "follow"];
  const { Follower } = await persist(place.link, () => later("vote/follow", ...words));
  if (words.length) await persist(place.link, async () => (await later("sheets")).sheet("vote/event"));
  return new Follower(place);
}

/** The poll is gone. */
async function leave(client, link) {
  client.close();
  const { showGone } = await persist(link, () => later("vote/gone"));
  showGone(say("vote.deleted"), say("vote.deleted_hint"));
}

/** A token and what to join with it, or null if there is none and the page says why. With `event` that may be an event. */
async function entry(given, at, link) {
  try {
    const guest = await persist(link, () => enter(at));
    return { token: guest.token, target: guest.poll, event: guest.event, guest };
  } catch (error) {
    if (error.code === "guests_not_allowed") return account(given, at, link);
    if (error instanceof Refused) return turnAway(link, error, at.code);
    throw error;
  }
}

/** Entering with an account: by the login of this tab or device, or a new one. */
async function account(given, at, link) {
  if (framed) return leadOutside(link, given);
  const poll = given.refused === "guests_not_allowed" && !("event" in given); // else it is an event, or nobody knows
  const way = { target: at.code, event: poll ? null : at.code };
  const known = session({ url: at.url });
  if (known) return { token: known.token, ...way };
  let entered;
  const login = new Promise((resolve) => (entered = resolve));
  const form = (await persist(link, () => later("login"))).loginForm(entered);
  link.hidden = true;
  const why = element("p", {}, say(names(given).members));
  show(link, element("h1", {}, say("login.heading")), why, form, element("p", { class: "faint" }, wayToAccount(at.code)));
  if (given.poll) nameService(); // one that any guest could see wears its host's brand, else the operator's
  form.querySelector("input").focus();
  return { token: (await login).token, ...way };
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
  const unknown = UNKNOWN.includes(error.code);
  const title = say(unknown ? "vote.unknown" : "vote.no_entry");
  show(link, element("h1", {}, title), !unknown && element("p", { id: "why" }, reason(error)));
  const { codeForm } = await persist(link, () => later("code"));
  byId("screen").append(codeForm(code, "vote/", unknown ? say("shared.refused_poll_not_found") : ""));
  link.hidden = true;
  return null;
}

/** Lead from a frame to the same page in a tab of its own. */
function leadOutside(link, given) {
  const outside = { class: "button main", href: location.href, target: "_blank", rel: "noopener" };
  const why = element("p", { id: "why" }, say(names(given).members));
  show(link, element("h1", {}, say(names(given).closed)), why, element("a", outside, say(names(given).outside)));
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
