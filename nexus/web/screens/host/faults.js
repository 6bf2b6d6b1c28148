/** Errors in words for people: those of calls, and the rules that a field breaks. */

import { NexusError, Unreachable } from "../../client.js";
import { blame } from "../login.js";
import { known, reason, say } from "../words.js";

/** The server's rules as it words them, and our sentences; the numbers in them keep their order. */
const RULES = [
  [/^must have (\d+) to (\d+) characters$/, "length"],
  [/^must have at most (\d+) characters$/, "longest"],
  [/^must be from (\d+) to (\d+)$/, "range"],
  [/^must be a list of (\d+) to (\d+) options$/, "number"],
  [/must not contain/, "characters"],
  [/a visible character$/, "invisible"],
  [/^is the same as /, "same"],
  [/^must be in the future$/, "future"],
  [/^must be after opens_at$/, "order"],
  [/^cannot change: the poll is/, "opened"],
  [/^cannot be removed from a scheduled poll/, "scheduled"],
  [/no such category/, "category"],
  [/^is too common$/, "common"],
  [/^must not be the username$/, "username"],
  [/^must be an email address$/, "email"],
];

/** A rule that a field breaks, in the page's language; an unknown one as the server words it. */
export function rule(message) {
  for (const [pattern, name] of RULES) {
    const found = pattern.exec(message);
    if (found) return say(`host.rule_${name}`, { from: found[1], to: found[found.length - 1] });
  }
  return message;
}

/** What an error of a call means. Any other error is a bug, and is thrown again. */
export function told(error) {
  if (!(error instanceof NexusError)) throw error;
  const name = [`users.refused_${error.code}`, `event.refused_${error.code}`, `host.refused_${error.code}`].find(known);
  if (name) return say(name);
  return error instanceof Unreachable ? say("shared.unreachable") : reason(error);
}

/** Show at each of `inputs` (by the name of its field) what `error` finds wrong with it, and focus the first. Returns
 * what remains to be said: an empty text if the fields say it all. */
export function blameAll(inputs, error) {
  const wrong = (error.errors ?? []).filter(({ field }) => inputs[field]);
  const texts = new Map();
  for (const { field, message } of wrong) texts.set(field, [...(texts.get(field) ?? []), rule(message)]);
  for (const [name, input] of Object.entries(inputs)) blame(input, (texts.get(name) ?? []).join(" "));
  const first = Object.keys(inputs).find((name) => texts.has(name));
  if (first) inputs[first].focus();
  const other = (error.errors ?? []).filter(({ field }) => !inputs[field]);
  if (!first || other.length) return other.length ? other.map(({ message }) => rule(message)).join(" ") : told(error);
  return "";
}
