/** A table of options with their bars and counts. */

import { percent, sharesById, spokenPercent } from "../bar.js";
import { ahead, nthColour } from "../chart/standing.js";
import { element, set, write } from "../dom.js";
import { number, say } from "../words.js";

/** The table; `named` is the id of what names it. */
export class ResultTable {
  #body = element("tbody", { role: "rowgroup" }); // the roles are those that a table loses in another layout
  #rows = new Map();
  #shown = "";

  constructor(named) {
    const head = element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, columns()));
    /** The table. */
    this.node = element("table", { class: "results", "aria-labelledby": named, role: "table" }, head, this.#body);
  }

  /** Show `options` in this order, with the counts of `totals`. */
  show(options, totals) {
    this.#showOptions(options);
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
