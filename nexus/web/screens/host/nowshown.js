/** What an event shows now, as a band above its run sheet. */

import { element, set, write } from "../dom.js";
import { timeLeft } from "../time.js";
import { say } from "../words.js";
import { badge } from "./parts.js";
import { showTurn, shownPlace } from "./showing.js";

/** The band, with `acts` at its end. */
export class NowShown {
  #place = element("p", { class: "place" });
  #question = element("p", { class: "question", dir: "auto" });
  #badge = badge("draft");
  #left = element("span", { class: "left" });
  #voters = element("span");
  #facts = element("p", { class: "facts" }, this.#badge, this.#left, this.#voters);

  constructor(acts) {
    const title = element("h2", { id: "now", class: "unseen" }, say("event.now"));
    /** The band. */
    this.node = element("section", { class: "card now", "aria-labelledby": "now" }, title);
    const told = element("div", { class: "told" }, this.#place, this.#question, this.#facts);
    this.node.append(told, acts);
  }

  /** Show what `event` shows, and how many `voters` that has. */
  show(event, voters) {
    const place = shownPlace(event);
    const poll = place && event.polls[place - 1];
    set(this.node, "data-shown", Boolean(poll));
    write(this.#place, poll ? say("event.now_place", { place, count: event.polls.length }) : say("event.nothing"));
    write(this.#question, poll ? poll.question : say("event.nothing_hint"));
    this.#facts.hidden = !poll;
    if (!poll) return;
    showTurn(this.#badge, poll.status, true);
    write(this.#voters, voters.has(poll.id) ? say("shared.turnout", { n: voters.get(poll.id) }) : "");
  }

  /** Show how long what is shown, in `room`, stays open; `now` is the server's time, in ms. */
  tick(room, now) {
    write(this.#left, room ? timeLeft(room.poll, room.totals.status, now) : "");
    this.#left.hidden = !this.#left.textContent;
  }
}
