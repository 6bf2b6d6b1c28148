/** The results of a poll as they come in: turnout, how many are online, and the count of each option. */

import { byPosition } from "../chart/standing.js";
import { element, icon, set, write } from "../dom.js";
import { number, say } from "../words.js";
import { ResultTable } from "./resulttable.js";

const EYE =
  "M12 5C6.5 5 2.6 9.2 1.2 12c1.4 2.8 5.3 7 10.8 7s9.4-4.2 10.8-7C21.4 9.2 17.5 5 12 5zm0 12a5 5 0 1 1 0-10 5 5 0 0 1 0 10zm0-2.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z";

/** A card with figures and a table. */
export class Results {
  #voters = element("dd");
  #ballots = element("dd");
  #online = element("dd");
  #ballotsOf = element("div", {}, element("dt", {}, say("host.ballots")), this.#ballots);
  #table = new ResultTable("results");
  #title = element("h2", { id: "results" });
  #seen = element("button", { type: "button", class: "badge" });
  #policy = element("span");

  /** `asked()` is called when somebody wants to choose who sees the results. */
  constructor(asked) {
    this.#seen.append(icon(EYE), element("span", { class: "unseen" }, `${say("host.results_policy")}: `), this.#policy);
    this.#seen.addEventListener("click", asked);
    const figure = (name, value) => element("div", {}, element("dt", {}, say(name)), value);
    const figures = element("dl", { class: "figures" }, figure("host.voters", this.#voters));
    figures.append(this.#ballotsOf, figure("host.online", this.#online));
    const line = element("div", { class: "line" }, this.#title, this.#seen);
    /** The card. */
    this.node = element("section", { class: "card", "aria-labelledby": "results" }, line, figures, this.#table.node);
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
    this.#table.show(byPosition(poll.options), totals);
  }
}
