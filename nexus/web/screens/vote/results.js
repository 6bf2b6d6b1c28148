/** All results of an event for its audience: of each question what this voter may see of it. */

import { percent, sharesById, spokenPercent } from "../bar.js";
import { ahead, nthColour } from "../chart/standing.js";
import { element, set } from "../dom.js";
import { number, say } from "../words.js";

const SHEET = new URL("results.css", import.meta.url).href;

let dressed = null; // the promise of the sheet, which this page alone needs

/** The results of `event`, read by `client`, in the order of the run sheet. Rejects as calls do. */
export async function resultsOf(client, event) {
  const [{ results }] = await Promise.all([client.call("GET", `/events/${event.id}/results/`), sheet()]);
  const cards = results.map((totals) => element("li", {}, card(totals)));
  const heading = element("h2", { tabindex: "-1" }, say("eventresults.title"));
  const list = cards.length ? element("ol", {}, cards) : element("p", {}, say("eventresults.none"));
  return element("section", { class: "all-results" }, heading, list);
}

/** Load the sheet, once; without it the results are plain, and can be read all the same. */
function sheet() {
  dressed ??= new Promise((resolve) => {
    document.head.append(element("link", { rel: "stylesheet", href: SHEET, on: { load: resolve, error: resolve } }));
  });
  return dressed;
}

function card(totals) {
  const question = element("h3", { dir: "auto" }, totals.question);
  const turnout = element("p", { class: "turnout" }, say("shared.turnout", { n: totals.voters }));
  if (totals.visibility !== "full") return [question, element("p", {}, say("eventresults.kept")), turnout];
  const shares = sharesById(totals);
  const first = ahead(totals);
  const line = ({ id, option_text: text, votes_count: count }, place) => {
    const part = totals.total_votes ? Math.min(1, count / totals.total_votes) : 0;
    return lineOf({ text, count, part, share: shares.get(id), first: first.has(id), place });
  };
  return [question, element("ul", {}, totals.options.map(line)), turnout];
}

function lineOf({ text, count, part, share, first, place }) {
  const fill = element("span", { class: "fill" });
  fill.style.setProperty("--part", part);
  fill.style.setProperty("--colour", nthColour(place));
  set(fill, "data-none", part === 0);
  const shown = element("span", { class: "share", dir: "ltr", "aria-hidden": "true" }, percent(share));
  const counted = element("span", { class: "count", "aria-hidden": "true" }, number(count));
  const spoken = element("span", { class: "unseen" }, `${spokenPercent(share)}, ${say("shared.votes", { n: count })}`);
  const track = element("span", { class: "part", "aria-hidden": "true" }, fill);
  const name = element("span", { class: "name", dir: "auto" }, text);
  return element("li", { "data-first": first }, name, " ", element("span", { class: "figures" }, shown, " ", counted, spoken), track);
}
