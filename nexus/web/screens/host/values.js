/** Between what inputs hold and what the server takes: times, and languages. */

import { element } from "../dom.js";
import { language as shown, say } from "../words.js";

const MINUTE = 60_000;

/** The time of a local one, as an input holds it; null for none. */
export function toUtc(local) {
  return local ? new Date(local).toISOString() : null;
}

/** The local time of a moment (ms), as an input holds it. */
export function toLocal(ms) {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}

/** A select of the languages that pages have; its `select(tag)` chooses one, also one that is not among them. */
export function languageChoice() {
  const known = [...document.querySelectorAll("#language option")].map(({ value, textContent }) => [value, textContent]);
  const none = element("option", { value: "" }, say("hosting.language_none"));
  const options = known.map(([value, text]) => element("option", { value, lang: value }, text));
  const made = element("select", { name: "language" }, none, options);
  made.select = (tag) => {
    if (tag && ![...made.options].some(({ value }) => value === tag)) made.append(element("option", { value: tag }, named(tag)));
    made.value = tag;
  };
  return made;
}

function named(tag) {
  try {
    return new Intl.DisplayNames([shown], { type: "language" }).of(tag);
  } catch {
    return tag; // newer or odder than this browser knows
  }
}
