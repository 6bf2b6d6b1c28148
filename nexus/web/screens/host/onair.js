/** What is shown now, as its host sees it: the question, the time left, who voted, and the counts. */

import { Bar, sharesById } from "../bar.js";
import { ahead, byPosition, nthColour } from "../chart/standing.js";
import { element, fill, icon, markLanguage, set, write } from "../dom.js";
import { msLeft, span } from "../time.js";
import { say } from "../words.js";
import { revealed } from "./cue.js";
import { badge } from "./parts.js";
import { showTurn, shownPlace } from "./showing.js";

const EYE =
  "M12 5C6.5 5 2.6 9.2 1.2 12c1.4 2.8 5.3 7 10.8 7s9.4-4.2 10.8-7C21.4 9.2 17.5 5 12 5zm0 12a5 5 0 1 1 0-10 5 5 0 0 1 0 10zm0-2.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z";
const LAST_MS = 10_000; // of voting, in which the time that is left is marked
const LONG = 100; // characters from which a question gets smaller type

/** A card. */
export class OnAir {
  #place = element("p", { class: "place" });
  #badge = badge("draft");
  #left = element("span", { class: "left", role: "timer" });
  #question = element("h2", { id: "on-air", dir: "auto" });
  #waiting = element("p", { class: "hint" }, say("control.nothing_hint"));
  #voters = element("p", { class: "voters" });
  #seen = element("p", { class: "badge seen" });
  #policy = element("span");
  #options = element("ul", { class: "options" });
  #bars = new Map();
  #names = "";

  constructor() {
    this.#seen.append(icon(EYE), element("span", { class: "unseen" }, `${say("host.results_policy")}: `), this.#policy);
    const top = element("div", { class: "top" }, this.#place, this.#badge, this.#left);
    const head = element("div", { class: "head" }, top, this.#question, this.#waiting);
    this.facts = element("div", { class: "facts" }, this.#voters, this.#seen);
    /** The card. */
    this.node = element("section", { class: "card on-air", "aria-labelledby": "on-air" }, head, this.facts, this.#options);
  }

  /** Show what `event` shows; `room` is that of the poll, or null. */
  show(event, room) {
    const place = shownPlace(event);
    set(this.node, "data-shown", Boolean(room));
    this.#place.hidden = !place;
    write(this.#place, place ? say("event.place", { place, count: event.polls.length }) : "");
    for (const node of [this.#badge, this.facts, this.#options, this.#left]) node.hidden = !room;
    this.#waiting.hidden = Boolean(room);
    write(this.#question, room ? room.poll.question : say("event.nothing"));
    set(this.#question, "data-long", Boolean(room) && room.poll.question.length > LONG);
    if (room) this.#showPoll(room);
  }

  /** Bring the card into view where it has been scrolled away. The focus stays where it is. */
  reveal() {
    if (this.node.getBoundingClientRect().top < 0) this.node.scrollIntoView({ block: "start" });
  }

  /** Show how long voting goes on, at the server's time `now`. */
  tick(room, now) {
    const left = room?.totals.status === "open" ? msLeft(room.poll, now) : NaN;
    this.#left.hidden = !(left > 0);
    write(this.#left, left > 0 ? span(left) : "");
    set(this.#left, "data-last", left <= LAST_MS);
  }

  #showPoll({ poll, totals }) {
    showTurn(this.#badge, totals.status, true);
    write(this.#voters, say("shared.turnout", { n: totals.voters }));
    write(this.#policy, say(`host.policy_${poll.results}`));
    set(this.#seen, "data-seen", revealed(poll.results, totals.status));
    this.#name(poll);
    const counts = new Map(totals.options.map(({ id, votes_count: count }) => [id, count]));
    const shares = sharesById(totals);
    const first = ahead(totals);
    for (const { id, option_text: text } of poll.options) {
      const { bar, row } = this.#bars.get(id);
      bar.show(text, counts.get(id) ?? 0, totals.total_votes, shares.get(id) ?? "0");
      set(row, "data-first", first.has(id));
    }
    markLanguage(this.node, poll.language);
  }

  /** Keep a row for each option, in their order. */
  #name({ id, options }) {
    const names = JSON.stringify([id, byPosition(options).map((option) => option.id)]);
    if (names === this.#names) return;
    this.#names = names;
    this.#bars = new Map(byPosition(options).map((option, place) => [option.id, row(place)]));
    fill(this.#options, [...this.#bars.values()].map((one) => one.row));
  }
}

function row(place) {
  const bar = new Bar();
  const made = element("li", {}, bar.parts);
  made.style.setProperty("--colour", nthColour(place));
  return { bar, row: made };
}
