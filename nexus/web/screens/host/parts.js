/** Small parts that several views of the host's screen use. */

import { element, set, write } from "../dom.js";
import { locale, moment, say } from "../words.js";

/** A picture of a person, for `icon`. */
export const PERSON = "M12 12a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zm0 2c-4 0-8 2-8 5v2h16v-2c0-3-4-5-8-5z";

/** A picture of a cross, for `icon`. */
export const CROSS = "M6.4 5L12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4L12 13.4 6.4 19 5 17.6 10.6 12 5 6.4z";

/** The heading of a view: it takes the focus when the view is entered. */
export function heading(text) {
  return element("h1", { tabindex: "-1", dir: "auto" }, text);
}

/** A poll's status, as a word with a colour. */
export function badge(status) {
  const made = element("span", { class: "badge" });
  showStatus(made, status);
  return made;
}

/** Show another status on a badge. */
export function showStatus(node, status) {
  set(node, "data-status", status);
  write(node, say(`shared.status_${status}`));
}

/** A button with a listener; `kind` is its class. */
export function button(text, act, kind) {
  return element("button", { type: "button", class: kind, on: { click: act } }, text);
}

/** A button with a picture, and a name for screen readers. */
export function iconButton(picture, name, act, kind = "plain") {
  const named = { type: "button", class: `${kind} icon-only`, "aria-label": name, title: name };
  return element("button", { ...named, on: { click: act } }, picture);
}

/** A place that says what has just happened: screen readers announce it. */
export function statusLine() {
  return element("p", { class: "said", role: "status" });
}

/** Say `text` in a `statusLine`, good news or bad. */
export function announce(line, text, bad = false) {
  set(line, "data-bad", bad && text ? true : null);
  write(line, text);
}

/** A field with its label. */
export function labelled(text, input) {
  return element("div", { class: "field" }, element("label", { for: input.id }, text), input);
}

/** A link back to the view above. */
export function back(href, text) {
  return element("a", { class: "back", href }, element("span", { "aria-hidden": "true" }, "←"), text);
}

/** A date and time, in full. */
export function fullTime(iso) {
  return new Date(iso).toLocaleString(locale, { dateStyle: "medium", timeStyle: "medium" });
}

/** A `<time>` with a date and a time of day. */
export function timeNode(iso) {
  const shown = new Date(iso).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
  return element("time", { datetime: iso, title: fullTime(iso) }, shown);
}

/** A `<time>` as short as it can be: of today, the time of day alone. */
export function shortTime(iso) {
  return element("time", { datetime: iso, title: fullTime(iso) }, moment(Date.parse(iso)));
}

/** Run `work`; until it is done `node`, a button, can't be pressed again, and keeps the focus. */
export async function once(node, work) {
  if (node.getAttribute("aria-disabled") === "true") return;
  set(node, "aria-disabled", "true");
  try {
    await work();
  } finally {
    set(node, "aria-disabled", null);
  }
}

/** The buttons between the pages of a list: `go(page)` shows another one. */
export function pager(page, pages, go) {
  if (pages < 2) return null;
  const to = (n, text) => {
    const off = n < 1 || n > pages;
    const made = button(text, () => off || go(n));
    set(made, "aria-disabled", off ? "true" : null);
    return made;
  };
  const place = element("span", {}, say("host.page_of", { page, pages }));
  return [to(page - 1, say("host.previous")), place, to(page + 1, say("host.next"))];
}
