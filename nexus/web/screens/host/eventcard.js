/** One event in the list: what it is called, how far it is, and whose it is. */

import { element, fill, set, write } from "../dom.js";
import { say } from "../words.js";
import { shortTime } from "./parts.js";
import { shownPlace } from "./showing.js";

/** The card of `event`; `owner(event)` says whose it is, if that needs saying. */
export class EventCard {
  #owner;
  #link;
  #badge = element("span", { class: "badge" });
  #code = element("span");
  #strip = element("div", { class: "strip sheet", "aria-hidden": "true" });
  #questions = element("span");
  #whose = element("span", { dir: "auto" });
  #control = element("a", { class: "button" }, say("control.title"));
  #acts = element("div", { class: "acts" }, element("div", { class: "buttons" }, this.#control));

  constructor(event, owner) {
    this.#owner = owner;
    this.#link = element("a", { href: `#/event/${event.id}`, id: `event-${event.id}` });
    set(this.#control, "href", `#/event/${event.id}/control`);
    set(this.#control, "aria-describedby", this.#link.id);
    const code = element("span", { class: "code" }, element("span", { class: "unseen" }, `${say("host.code")} `), this.#code);
    const head = element("div", { class: "top" }, element("p", { class: "state" }, this.#badge), code);
    const made = element("span", {}, say("host.made"), " ", shortTime(event.created_at));
    const facts = element("p", { class: "facts" }, this.#questions, this.#whose, made);
    /** The card. */
    this.node = element("li", { class: "card poll" }, head, element("h2", { dir: "auto" }, this.#link), this.#strip, facts);
    this.node.append(this.#acts);
  }

  /** Show the event as it is now. */
  show(event) {
    const { polls } = event;
    const place = shownPlace(event);
    write(this.#link, event.title);
    write(this.#code, event.code);
    write(this.#badge, place ? say("event.place", { place, count: polls.length }) : say("event.nothing_short"));
    set(this.#badge, "data-status", place ? "open" : "draft");
    write(this.#questions, say("event.questions", { n: polls.length }));
    write(this.#whose, this.#owner(event));
    this.#whose.hidden = !this.#whose.textContent;
    const part = ({ id, status }) => element("span", { "data-status": status, "data-shown": id === event.shown });
    fill(this.#strip, polls.map(part));
    this.#strip.hidden = this.#acts.hidden = !polls.length;
    set(this.#control, "class", place ? "button main" : "button soft");
  }
}
