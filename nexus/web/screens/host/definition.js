/** Definitions of events as files, and where in one something is wrong, in words. */

import { known, say } from "../words.js";
import { rule } from "./faults.js";
import { hand } from "./handing.js";

/** The largest definition in bytes: the server takes no more. */
const MOST_BYTES = 4_194_304;
/** The largest file that is read: one that is indented has more than what is sent. */
const MOST_FILE_BYTES = 4 * MOST_BYTES;

const LONGEST_NAME = 60;
const PATH = /^polls\[(\d+)\](?:\.options\[(\d+)\])?(?:\.(.+))?$/;
const LISTS = { options: "host.options" };
const SAID = ["question", "option_text"]; // fields that are what the place names

/** Save the definition of `event` as a file named after its title. */
export async function saveDefinition(server, event) {
  const found = await server.call("GET", `/events/${event.id}/definition/`);
  const blob = new Blob([`${JSON.stringify(found, null, 2)}\n`], { type: "application/json" });
  hand(blob, `${fileStem(event.title) || `event-${event.id}`}.json`);
}

/** The words of a title, joined by dashes. */
export function fileStem(title) {
  const words = title.normalize("NFKC").toLowerCase().match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? [];
  return [...words.join("-")].slice(0, LONGEST_NAME).join("").replace(/-$/, "");
}

/** Whether a file is too large to be the file of a definition. */
export function isLarge(file) {
  return file.size > MOST_FILE_BYTES;
}

/** Whether a definition is larger than the server takes. */
export function exceeds(body) {
  return new TextEncoder().encode(JSON.stringify(body)).length > MOST_BYTES;
}

/** The definition in the text of a file, with its questions as a preview shows them; null if it is none. */
export function readDefinition(text) {
  const body = parsed(text.replace(/^\ufeff/, ""));
  if (typeof body?.title !== "string" || !Array.isArray(body.polls ?? [])) return null;
  const polls = (body.polls ?? []).map((poll) => ({
    question: textOf(poll?.question),
    options: Array.isArray(poll?.options) ? poll.options.map((option) => textOf(option?.option_text)) : [],
  }));
  return { body, polls };
}

/** What the server finds wrong with a definition, as sentences that say where. */
export function wrongIn(errors) {
  return errors.map(({ field, message }) => say("runsheet.fault_at", { place: placeOf(field), text: rule(message) }));
}

/** A path of a definition in words: `polls[3].options[1].option_text` is the second option of the fourth question. */
function placeOf(path) {
  const [, poll, option, field] = PATH.exec(path) ?? [];
  if (poll === undefined) return named(path);
  const n = Number(poll) + 1;
  const place = option === undefined ? say("runsheet.at_question", { n }) : say("runsheet.at_option", { n, option: Number(option) + 1 });
  return !field || SAID.includes(field) ? place : say("runsheet.at_field", { place, field: named(field) });
}

function named(field) {
  const name = LISTS[field] ?? [`event.field_${field}`, `host.field_${field}`].find(known);
  return name ? say(name) : field;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function textOf(value) {
  return typeof value === "string" ? value : "";
}
