/** The lobby on stage: the address, the code and both in one picture, as large as the screen lets them be. */

import { byId, element, framed } from "../dom.js";
import { invitation, measure, picture } from "../invite.js";
import { later, tell } from "../persist.js";
import { brandMark, say } from "../words.js";

/** What invites to the poll of `code`: of it nothing else is shown, but once it is open its `question`; and a `hint` for
 * the presenter. */
export function lobbyOf(code, { question = null, hint = "" } = {}) {
  const pulse = () => element("span", { class: "pulse", "aria-hidden": "true" });
  const soon = () => element("h1", {}, pulse(), say("lobby.stage_heading"));
  const heading = question === null ? soon() : element("p", { class: "asked", dir: "auto" }, question);
  const told = element("div", { class: "lines" }, heading);
  const lobby = element("div", { class: "lobby" }, element("p", { class: "brand" }, brandMark()), told);
  if (invitation) {
    const address = element("strong", { dir: "ltr" }, invitation.replace(/^\w+:\/\/|\/$/g, ""));
    address.style.setProperty("--letters", Math.max(12, address.textContent.length)); // it is to fit into its line
    told.append(element("p", { class: "join" }, element("span", {}, say("live.join_at")), address));
    lobby.append(element("figure", {}, picture(code)));
  }
  const shown = element("p", { class: "code", dir: "ltr" }, code);
  measure(shown, code);
  told.append(shown, hint && element("p", { class: "local" }, hint));
  return lobby;
}

let covering = null;

/** Cover the stage with the lobby while a host or presenter, who sees a poll before it opens, has it on stage; `code` is
 * null once it is open. */
export function cover(code) {
  document.body.classList.toggle("covered", code !== null);
  if (code === covering?.code) return;
  covering?.lobby.remove();
  covering = code === null ? null : { code, lobby: lobbyOf(code) };
  if (covering) byId("screen").prepend(covering.lobby);
}

/** Wait on stage until the poll of `code` can be seen; true if somebody has logged in before that, who may see it already.
 * `notice` is what the presenter should know. Rejects with `Refused` if no poll has the code any more. */
export async function waitOnStage(code, link, notice) {
  const { waitIn } = await later("lobby");
  const login = new AbortController();
  const lobby = lobbyOf(code);
  if (!framed && !document.body.classList.contains("overlay")) lobby.append(tools(link, login));
  if (notice) lobby.append(element("p", { class: "note warn", role: "status" }, notice));
  try {
    await waitIn(lobby, code, link, login.signal);
  } catch (error) {
    if (!login.signal.aborted) throw error;
  }
  return login.signal.aborted;
}

/** The login and the full screen, which a presenter may need before the poll opens: buttons, and the keys L and F. */
function tools(link, login) {
  const page = document.documentElement;
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : page.requestFullscreen());
  const enter = () => openLogin(link, login);
  const button = (act, text) => element("button", { type: "button", on: { click: act } }, text);
  const pressed = ({ key, target, ctrlKey, altKey, metaKey }) => {
    if (ctrlKey || altKey || metaKey || target.closest?.("input, dialog[open]")) return;
    ({ l: enter, f: full })[key.toLowerCase()]?.();
  };
  document.addEventListener("keydown", pressed, { signal: login.signal });
  const made = [button(enter, say("live.do_login")), page.requestFullscreen && button(full, say("live.do_full"))];
  return element("nav", { class: "tools", "aria-label": say("live.controls") }, made.filter(Boolean));
}

async function openLogin(link, login) {
  try {
    const { loginDialog, styled } = await later("live/dialogs", "login");
    await styled();
    const dialog = loginDialog(() => login.abort());
    dialog.addEventListener("close", () => dialog.remove());
    login.signal.addEventListener("abort", () => dialog.close());
    byId("screen").append(dialog);
    dialog.showModal();
  } catch {
    tell(link, say("shared.unreachable"));
  }
}
