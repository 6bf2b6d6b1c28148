/** The results of a poll as they come in: turnout, how many are online, and the count of each option. */

import { percent, sharesById, spokenPercent } from "../bar.js";
import { ahead, byPosition, nthColour } from "../chart/standing.js";
import { element, icon, set, write } from "../dom.js";
import { number, say } from "../words.js";

const EYE =
  "M12 5C6.5 5 2.6 9.2 1.2 12c1.4 2.8 5.3 7 10.8 7s9.4-4.2 10.8-7C21.4 9.2 17.5 5 12 5zm0 12a5 5 0 1 1 0-10 5 5 0 0 1 0 10zm0-2.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z";

/** A card with figures and a table. */
export class Results {
  #voters = element("dd");
  #ballots = element("dd");
  #online = element("dd");
  #ballotsOf = element("div", {}, element("dt", {}, say("host.ballots")), this.#ballots);
  #body = element("tbody", { role: "rowgroup" }); // the roles are those that a table loses in another layout
  #title = element("h2", { id: "results" });
  #seen = element("button", { type: "button", class: "badge" });
  #policy = element("span");
  #rows = new Map();
  #shown = "";

  /** `asked()` is called when somebody wants to choose who sees the results. */
  constructor(asked) {
    this.#seen.append(icon(EYE), element("span", { class: "unseen" }, `${say("host.results_policy")}: `), this.#policy);
    this.#seen.addEventListener("click", asked);
    const figure = (name, value) => element("div", {}, element("dt", {}, say(name)), value);
    const figures = element("dl", { class: "figures" }, figure("host.voters", this.#voters));
    figures.append(this.#ballotsOf, figure("host.online", this.#online));
    const head = element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, columns()));
    const named = { class: "results", "aria-labelledby": "results", role: "table" };
    const table = element("table", named, head, this.#body);
    const line = element("div", { class: "line" }, this.#title, this.#seen);
    /** The card. */
    this.node = element("section", { class: "card", "aria-labelledby": "results" }, line, figures, table);
  }

  /** Add what can be done with the results. */
  append(node) {
    this.node.append(node);
  }

  /** Show counts; `online` is null if it is not known. */
  show(poll, totals, online) {
    const before = ["draft", "scheduled"].includes(totals.status); // nobody has voted yet: there are only the options
    set(this.node, "data-before", before);
    write(this.#title, say(before ? "host.options" : "host.results"));
    write(this.#policy, say(`host.policy_${poll.results}`));
    set(this.#seen, "data-seen", poll.results === "live" || (totals.final && poll.results !== "host"));
    write(this.#voters, number(totals.voters));
    write(this.#ballots, number(totals.total_votes));
    this.#ballotsOf.hidden = poll.votes_per_user === 1; // it would be the same number
    write(this.#online, online === null ? "–" : number(online));
    this.#showOptions(byPosition(poll.options));
    const first = ahead(totals);
    const shares = sharesById(totals);
    for (const { id, votes_count: count } of totals.options) {
      this.#rows.get(id)?.show(count ?? 0, totals.total_votes, shares.get(id) ?? "0", first.has(id));
    }
  }

  #showOptions(options) {
    const shown = JSON.stringify(options.map(({ id, option_text: text }) => [id, text]));
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#rows = new Map(options.map(({ id, option_text: text }, place) => [id, new Row(text, place)]));
    this.#body.replaceChildren(...[...this.#rows.values()].map((row) => row.node));
  }
}

class Row {
  #fill = element("span", { class: "fill" });
  #count = element("td", { class: "figure", role: "cell" }, number(0));
  #share = element("span", { dir: "ltr" }, percent("0"));
  #spoken = element("span", { class: "unseen" });

  constructor(text, place) {
    this.#fill.style.setProperty("--colour", nthColour(place));
    const track = element("span", { class: "track", "aria-hidden": "true" }, this.#fill);
    const name = element("span", { class: "name", dir: "auto" }, text);
    const share = element("td", { class: "figure", role: "cell" }, this.#share, this.#spoken);
    const head = element("th", { scope: "row", role: "rowheader" }, name, track);
    this.node = element("tr", { role: "row" }, head, this.#count, share);
  }

  show(count, total, share, first) {
    this.#fill.style.setProperty("--part", total ? Math.min(1, count / total) : 0);
    set(this.#fill, "data-none", count === 0);
    set(this.node, "data-first", first);
    write(this.#count, number(count));
    const [seen, heard] = [percent(share), spokenPercent(share)];
    write(this.#share, seen);
    set(this.#share, "aria-hidden", seen === heard ? null : "true");
    write(this.#spoken, seen === heard ? "" : heard);
  }
}

function columns() {
  const names = ["host.option", "host.votes", "host.share"];
  const kept = { scope: "col", role: "columnheader" };
  return names.map((name, n) => element("th", { ...kept, class: n ? "figure" : null }, say(name)));
}
