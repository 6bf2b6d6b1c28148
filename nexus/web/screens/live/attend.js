/** The ways to see a poll or an event on stage: by a pairing code, with the login of this tab or device, with the token of a screen
 * link, or as a guest. */

import { Refused, TurnedAway, connect, enter, session } from "../../client.js";
import { claimsOf } from "../../client/basics.js";
import { storageOf } from "../../client/storage.js";
import { element, framed, root } from "../dom.js";
import { comeBack, later, persist, tell } from "../persist.js";
import { Touch } from "../touch.js";
import { say } from "../words.js";
import { Show } from "./show.js";
import { seen, staged } from "./stage.js";

export { lay } from "./stage.js";

const SCREEN = { as: "screen" }; // which nobody counts
const PAIRED = `nexus:stage:${root}`; // where pairing.js keeps the access of this tab
const PATIENCE_MS = 1000; // if connecting takes longer, the page says so

/** Show the poll or event of this page. `given` is the data in the page, `link` the place for news of the connection;
 * what is `painted` of an event stays. */
export async function attend(given, link, painted = null) {
  const scenes = painted ?? (await paint(given, link));
  await comeBack(link);
  const { paired, notice } = await admitted(given.code, link);
  let refusal = null;
  for (const way of ways(given.code, paired, scenes !== null)) {
    if (way.name === "guest" && given.waiting) {
      const end = await waited(given.code, link, notice);
      if (end === "login") return attend(given, link);
      if (end !== "ready") return turnedAway(link, end, given);
      given.waiting = false;
    }
    const found = await attempt(way, link).catch((error) => {
      if (!(error instanceof Refused || error instanceof TurnedAway)) throw error;
      refusal = error;
      return null;
    });
    if (!found) continue;
    const touch = new Touch(link, found.client, () => farewell(way));
    const again = () => {
      touch.end();
      return attend(given, link, scenes);
    };
    way.ended?.then(() => found.client.close());
    const how = { way: way.name, again, notice: notice || ended(refusal) };
    return new Show({ ...found, stage: staged(link), scenes, ...how });
  }
  return turnedAway(link, refusal, given);
}

/** Paint what the page says. Of an event returns the scenes (event.js), which go on from there; of a poll null. */
async function paint(given, link) {
  const { event, poll, totals } = given;
  if (event === undefined) {
    if (poll) staged(link).show(seen(given));
    return null;
  }
  const { Scenes } = await persist(link, () => later("live/event"));
  const scenes = new Scenes(staged(link), { event, room: poll && { id: poll.id, poll, totals }, online: null });
  if (event) scenes.show();
  return scenes;
}

/** What a pairing code has let this tab into: `{paired, notice}`. Few stages have had one: what uses it is loaded then. */
async function admitted(code, link) {
  const none = !location.hash.includes("pair=") && !storageOf("tab").getItem(PAIRED);
  if (none) return { paired: null, notice: "" };
  return (await persist(link, () => later("live/paired"))).takeUp(code, link);
}

async function turnedAway(link, error, given) {
  const { turnAway } = await persist(link, () => later("live/refused", "refused"));
  return turnAway(link, { error, said: ended(error), given, again: () => attend(given, link) });
}

/** Wait in the lobby: to `ready`, to `login` if somebody logs in, or to the `Refused` of a poll that is gone. */
async function waited(code, link, notice) {
  try {
    const stage = await persist(link, () => later("live/lobby"));
    return (await stage.waitOnStage(code, link, notice)) ? "login" : "ready";
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

/** Every way that is available to a poll or an `event`, the one with the most rights first: `{name, open, enter}`, where
 * `open` returns a token source and what to enter, and `enter(client, target)` enters it. */
function ways(code, paired, event) {
  const login = framed ? null : session({ url: root });
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  const guest = async () => {
    const entered = await enter({ url: root, code });
    return { token: entered.token, target: entered.event ?? entered.poll };
  };
  return [
    paired && { name: "stage", open: async () => ({ token: paired.token, target: paired.poll }) },
    login && { name: "login", ended: login.ended, open: async () => ({ token: login.token, target: code }) },
    token && { name: "screen", open: async () => ({ token, target: boundTo(token, event) ?? code }) },
    { name: "guest", open: guest },
  ].filter(Boolean).map((way) => ({ ...way, enter: (client, target) => client[event ? "enter" : "join"](target, SCREEN) }));
}

/** The id of the poll or event that a screen's token is for, since its code may change; null if it is not such a token. */
function boundTo(token, event) {
  return claimsOf(token)[event ? "events" : "polls"]?.[0] ?? null; // the server will judge it
}

/** Try one way: `{client, place}`, or null if another way may give more rights. Rejects if it leads nowhere. */
async function attempt(way, link) {
  const { token, target } = await persist(link, way.open);
  const client = connect({ url: root, token });
  const undo = client.on("state", ({ name }) => (link.dataset.state = name));
  const slow = setTimeout(() => tell(link, say("shared.link_connecting")), PATIENCE_MS);
  try {
    const place = await way.enter(client, target);
    const poorer = way.name === "login" && place.role === "voter" && location.hash.includes("token=");
    if (!poorer) return { client, place };
  } catch (error) {
    client.close();
    throw error;
  } finally {
    undo();
    clearTimeout(slow);
  }
  client.close();
  return null;
}

/** What to say where `error` means that the screen link of this page, or its pairing, is no longer valid. */
function ended(error) {
  return error instanceof TurnedAway && location.hash.includes("token=") ? say("live.link_ended") : "";
}

function farewell(way) {
  const again = element("button", { type: "button", on: { click: () => location.reload() } }, say("shared.reload"));
  return [say(way.name === "screen" ? "live.link_ended" : "shared.link_expired"), again];
}
