/** The history's entries in sentences: who did what, and what changed. */

import { known, say } from "../words.js";
import { fullTime } from "./parts.js";

// The actions whose changes are listed: all of them, or those of some fields.
const LISTED = new Map([["update", null], ["correct", null], ["open", ["expires_at"]]]);
const TIMES = new Set(["opens_at", "expires_at", "closed_at"]);
// The fields whose values have words.
const WORDED = {
  results: (held) => `host.policy_${held}`,
  chart: (held) => `host.chart_${held}`,
  option_order: (held) => `host.option_order_${held}`,
};
const LONGEST_ID = 8; // of a guest: enough to tell one from another

/** Who did it, in words. */
export function who(user, me) {
  if (user === me.sub) return say("host.who_you");
  const [kind, name = ""] = user.split(/:(.*)/s);
  if (!known(`host.who_${kind}`)) return user;
  return say(`host.who_${kind}`, { name: kind === "guest" ? name.slice(0, LONGEST_ID) : name });
}

/** What was done, in a sentence that does not say by whom. */
export function sentence(entry) {
  const { action, target_type: type, details } = entry;
  const how = details.copy_of ? "copy" : (details.outcome ?? last(details.status) ?? (last(details.shown) === null && "nothing"));
  const kinds = [`${type}_${action}_${how}`, `${type}_${action}`, action];
  const names = kinds.flatMap((kind) => [`host.did_${kind}`, `event.did_${kind}`]);
  const name = names.find(known);
  if (!name) return `${action} · ${type} ${entry.target_id}`; // newer than this page
  const after = last(details.status);
  const status = after && known(`shared.status_${after}`) ? say(`shared.status_${after}`) : "";
  const option = details.after?.option_text ?? details.before?.option_text ?? "";
  const round = details.round ?? details.epoch ?? "";
  const host = details.host ? who(details.host, {}) : "";
  return say(name, { status, option, name: host, round: String(round), format: String(details.format ?? "").toUpperCase() });
}

/** What changed, one line each; no lines if the sentence says it all. */
export function changes({ action, target_type: type, details }) {
  if (type === "option") return optionChanges(details);
  if (!LISTED.has(action)) return [];
  const only = LISTED.get(action);
  return Object.entries(details)
    .filter(([name, values]) => Array.isArray(values) && values.length === 2 && (!only || only.includes(name)))
    .map(([name, [before, after]]) => line(name, value(name, before), value(name, after)));
}

function optionChanges({ before, after, votes_discarded: discarded }) {
  const lines = [];
  if (before && after) {
    const texts = [before, after].map((one) => value("option_text", one.option_text));
    const places = [before, after].map((one) => String(one.position + 1));
    if (texts[0] !== texts[1]) lines.push(line("option_text", ...texts));
    if (places[0] !== places[1]) lines.push(line("position", ...places));
  }
  if (discarded) lines.push(say("host.discarded", { n: discarded }));
  return lines;
}

function line(name, before, after) {
  const named = [`host.field_${name}`, `event.field_${name}`].find(known);
  const label = named ? say(named) : name;
  return say("host.changed", { label, before, after });
}

function value(name, held) {
  if (held === null || held === "") return say("host.nothing");
  if (typeof held === "boolean") return say(held ? "host.yes" : "host.no");
  if (TIMES.has(name)) return fullTime(held);
  if (name === "created_by") return who(held, {});
  const word = WORDED[name]?.(held);
  if (word && known(word)) return say(word);
  return typeof held === "string" ? say("host.quoted", { text: held }) : String(held);
}

function last(held) {
  return Array.isArray(held) ? held[held.length - 1] : held;
}
