/** What came out, once voting has closed: it stands where people were invited before. */

import { percent, sharesById } from "../bar.js";
import { element, icon } from "../dom.js";
import { later } from "../persist.js";
import { number, say } from "../words.js";
import { byPosition, leaders, nthColour } from "../chart/standing.js";

const NAMED = 3; // of those who tie: of more, none
const LINES = 6; // of a long name
const CROWN = "M3 7l4.5 3.6L12 4l4.5 6.6L21 7l-1.8 11H4.8z";
const VEIL = "M12 17a2 2 0 0 0 2-2 2 2 0 0 0-4 0 2 2 0 0 0 2 2zm6-9h-1V6A5 5 0 0 0 7 6v2H6a2 2 0 0 0-2 2v10h16V10a2 2 0 0 0-2-2zM9 6a3 3 0 0 1 6 0v2H9z";

/** Load the sheet of the card. Rejects with `Unreachable`. */
export async function styled() {
  await (await later("sheets")).sheet("live/outcome");
}

/** What a poll came to: `{kind, first, share, count}`, where `kind` is `hidden`, `none`, `winner` or `tie`, and `first`
 * are the options with most votes. */
function outcome(poll, totals, hold) {
  if (hold) return { kind: "hidden", first: [] };
  const ids = leaders(totals);
  const first = byPosition(poll.options).filter(({ id }) => ids.has(id));
  if (!first.length) return { kind: "none", first };
  const { votes_count: count } = totals.options.find(({ id }) => id === first[0].id);
  return { kind: first.length > 1 ? "tie" : "winner", first, share: sharesById(totals).get(first[0].id), count };
}

/** What it is called. That results are hidden is said before the end, too. */
function label(kind) {
  return say(kind === "hidden" ? "live.outcome_hidden" : `outcome.${kind}`);
}

/** The same in one sentence, to be read aloud. */
export function said(poll, totals, hold) {
  const { kind, first, share, count } = outcome(poll, totals, hold);
  if (kind === "hidden" || kind === "none") return label(kind);
  const names = first.map(({ option_text: text }) => text).join(", ");
  const figures = `${percent(share)}, ${say("shared.votes", { n: count })}`;
  return say(`outcome.said_${kind}`, { names, figures });
}

/** A card with the result. */
export function outcomeCard(poll, totals, hold) {
  const { kind, first, share, count } = outcome(poll, totals, hold);
  const made = element("div", { class: "outcome", "data-outcome": kind });
  if (kind === "hidden" || kind === "none") {
    if (kind === "hidden") made.append(icon(VEIL));
    made.append(element("p", { class: "label" }, label(kind)));
    return made;
  }
  const places = new Map(byPosition(poll.options).map(({ id }, place) => [id, place]));
  const named = first.length > NAMED ? [] : first; // as many are no longer ahead: the bars do not mark them either
  const names = named.map(({ id, option_text: text }) => {
    const name = element("li", { dir: "auto" }, text);
    name.style.setProperty("--colour", nthColour(places.get(id)));
    return name;
  });
  const list = element("ul", { class: "first", hidden: !names.length }, names);
  const shares = sharesById(totals);
  const equal = first.every(({ id }) => shares.get(id) === share); // rounded, they may not be
  const figures = [equal && element("strong", { dir: "ltr" }, percent(share)), element("span", {}, say("shared.votes", { n: count }))];
  const sign = kind === "tie" ? element("span", { class: "even", "aria-hidden": "true" }, "=") : icon(CROWN);
  const labelled = element("p", { class: "label" }, sign, label(kind));
  if (kind === "winner") labelled.style.setProperty("--colour", nthColour(places.get(first[0].id)));
  if (!names.length) made.dataset.many = "";
  made.append(labelled, list, element("p", { class: "won" }, figures.filter(Boolean)));
  const words = first.flatMap(({ option_text: text }) => [...text.split(/\s/), text.slice(0, text.length / LINES)]);
  list.style.setProperty("--length", Math.max(...words.map(({ length }) => length)));
  return made;
}
