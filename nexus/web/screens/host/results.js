/** The results of a poll as they come in: turnout, how many are online, and the count of each option. */

import { percent, sharesById, spokenPercent } from "../bar.js";
import { nthColour } from "../chart/colours.js";
import { ahead, byPosition } from "../chart/standing.js";
import { element, set, write } from "../dom.js";
import { number, say } from "../words.js";

/** A card with figures and a table. */
export class Results {
  #voters = element("dd");
  #ballots = element("dd");
  #online = element("dd");
  #ballotsOf = element("div", {}, element("dt", {}, say("host.ballots")), this.#ballots);
  #body = element("tbody");
  #title = element("h2", { id: "results" });
  #rows = new Map();
  #shown = "";

  constructor() {
    const figure = (name, value) => element("div", {}, element("dt", {}, say(name)), value);
    const figures = element("dl", { class: "figures" }, figure("host.voters", this.#voters));
    figures.append(this.#ballotsOf, figure("host.online", this.#online));
    const head = element("thead", {}, element("tr", {}, columns()));
    const table = element("table", { class: "results", "aria-labelledby": "results" }, head, this.#body);
    /** The card. */
    this.node = element("section", { class: "card", "aria-labelledby": "results" }, this.#title, figures, table);
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
  #count = element("td", { class: "figure" }, number(0));
  #share = element("span", {}, percent("0"));
  #spoken = element("span", { class: "unseen" });

  constructor(text, place) {
    this.#fill.style.setProperty("--colour", nthColour(place));
    const track = element("span", { class: "track", "aria-hidden": "true" }, this.#fill);
    const name = element("span", { class: "name", dir: "auto" }, text);
    const share = element("td", { class: "figure" }, this.#share, this.#spoken);
    this.node = element("tr", {}, element("th", { scope: "row" }, name, track), this.#count, share);
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
  return names.map((name, n) => element("th", { scope: "col", class: n ? "figure" : null }, say(name)));
}
