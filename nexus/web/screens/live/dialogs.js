/** The dialogs of the stage, which are loaded when one is opened. */

import { byId, element } from "../dom.js";
import { loginForm } from "../login.js";
import { sheet } from "../sheets.js";
import { span } from "../time.js";
import { say } from "../words.js";

const SPANS_S = [15, 30, 60, 120];
const USUAL_S = 30;
const PLAIN = { "--accent": "--ink", "--on-accent": "--paper", "--accent-ground": "--paper" };
const STEPS = ["next", "previous"];
const ROWS = [
  ["O", "open", "host"],
  ["C", "close", "host"],
  ["R", "reveal", "host"],
  ["T", "timer", "host"],
  ["→", "next", "host"],
  ["←", "previous", "host"],
  ["J", "join"],
  ["A", "all"],
  ["B", "blank"],
  ["D", "theme"],
  ["F", "full"],
  ["L", "login", "login"],
  ["?", "help"],
];

/** Load their sheet, before the first is shown. Rejects with `Unreachable`. */
export function styled() {
  return sheet("live/dialogs");
}

/** The host's login; `entered(session)` is called at it. It says whose it is: the page may look like somebody else's, and
 * so the form has the address of the service, and nothing of a brand. */
export function loginDialog(entered) {
  const address = element("p", { class: "address" }, element("bdi", {}, location.host));
  const made = dialog("login", say("live.do_login"), address, loginForm(entered));
  for (const [name, plain] of Object.entries(PLAIN)) made.style.setProperty(name, `var(${plain})`);
  return made;
}

/** How long voting shall still be open: `start(seconds)`. */
export function timerDialog(start) {
  const spans = SPANS_S.map((seconds) => {
    const press = () => {
      made.close();
      start(seconds);
    };
    const attributes = { type: "button", autofocus: seconds === USUAL_S, "data-seconds": seconds, on: { click: press } };
    return element("button", attributes, span(seconds * 1000));
  });
  const made = dialog("timer", say("live.do_timer"), element("div", { class: "spans" }, spans));
  return made;
}

/** The list of shortcuts, with `L` if a `login` is offered, and the switch that disables them (WCAG 2.2, 2.1.4):
 * `switched(on)`. `host` is false for those whom it tells that most of them are the host's; in an `event` steps lead on to other polls. */
export function helpDialog({ host, login, event, switched }) {
  const shown = ROWS.filter(([, , whose]) => whose !== "login" || login);
  const list = element(
    "dl",
    { class: "keys" },
    shown.flatMap(([key, name]) => [
      element("dt", {}, element("kbd", {}, key)),
      element("dd", {}, say(event && STEPS.includes(name) ? `keys.event_${name}` : `keys.${name}`)),
    ]),
  );
  const keys = element("input", { type: "checkbox", id: "keys-on", checked: true });
  keys.addEventListener("change", () => switched(keys.checked));
  const label = element("label", { class: "switch" }, keys, say("keys.enable"));
  const note = !host && element("p", { class: "faint" }, say("keys.for_hosts"));
  return dialog("help", say("keys.heading"), list, note, label, byId("language"));
}

function dialog(name, title, ...inside) {
  const heading = element("h2", { id: `${name}-title` }, title);
  const made = element("dialog", { id: `${name}-dialog`, "aria-labelledby": `${name}-title` });
  const close = element("button", { type: "button", on: { click: () => made.close() } }, say("shared.close"));
  made.append(heading, ...inside.filter(Boolean), close);
  return made;
}
