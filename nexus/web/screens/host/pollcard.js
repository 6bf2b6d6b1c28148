/** One poll in the list: what it asks, how it stands, and what its host does next. */

import { nthColour } from "../chart/standing.js";
import { element, fill, icon, set, write } from "../dom.js";
import { timeLeft } from "../time.js";
import { number, say } from "../words.js";
import { Menu } from "./menu.js";
import { badge, button, once, showStatus, shortTime } from "./parts.js";

const DOTS = "M5 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm7 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm7 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4z";
const SHOWN = 8; // options with a part of their own in the strip

// What is offered in each state: on the card, the first most prominent, and in its menu.
const ACTS = { draft: ["present", "open"], scheduled: ["present", "open"], open: ["present", "close"], closed: ["see"] };
const MORE = { closed: ["present", "reopen"], scheduled: ["close"] };
const ALWAYS = ["edit", "duplicate", "export", "history", "reset", "delete"];

const WORDS = {
  open: "host.open",
  present: "hosting.present",
  close: "host.close",
  see: "hosting.see",
  reopen: "host.reopen",
  edit: "host.edit",
  duplicate: "host.duplicate",
  export: "hosting.export",
  history: "host.history",
  reset: "host.reset",
  delete: "host.delete",
};

/** The card of `poll`. `told.act(name, poll)` does something with it, `told.picked()` hears that its box was ticked,
 * `told.owner(poll)` says whose it is, if that needs saying, and `told.event(id)` what its event is called. */
export class PollCard {
  #told;
  #poll;
  #link;
  #badge;
  #left = element("span", { class: "left" });
  #votes = element("span");
  #owner = element("span", { dir: "auto" });
  #title = element("span", { dir: "auto" });
  #event = element("a", { class: "of-event" }, element("span", { class: "unseen" }, `${say("hosting.the_event")}: `), this.#title);
  #strip = element("div", { class: "strip", "aria-hidden": "true" });
  #acts = element("div", { class: "buttons" });
  #menu = new Menu("", icon(DOTS));
  #box = element("input", { type: "checkbox" });
  #pick = element("div", { class: "pick", hidden: true }, this.#box);

  constructor(poll, told) {
    this.#told = told;
    this.#link = element("a", { href: `#/poll/${poll.id}`, id: `poll-${poll.id}` });
    this.#badge = badge(poll.status);
    const state = element("p", { class: "state" }, this.#badge, this.#left);
    const named = element("span", { class: "unseen" }, `${say("host.code")} `);
    const code = poll.code ? element("span", { class: "code" }, named, poll.code) : this.#event;
    const made = element("span", {}, say("host.made"), " ", shortTime(poll.created_at));
    const facts = element("p", { class: "facts" }, this.#votes, this.#owner, made);
    const head = element("div", { class: "top" }, this.#pick, state, code);
    const foot = element("div", { class: "acts" }, this.#acts, this.#menu.node);
    set(this.#box, "aria-labelledby", this.#link.id);
    this.#box.addEventListener("change", () => told.picked());
    /** The card. */
    this.node = element("li", { class: "card poll" }, head, element("h2", { dir: "auto" }, this.#link), this.#strip, facts, foot);
  }

  /** The poll as it is shown. */
  get poll() {
    return this.#poll;
  }

  /** Whether it is ticked. */
  get picked() {
    return !this.#pick.hidden && this.#box.checked;
  }

  /** Offer a box to tick, or its acts. */
  set picking(picking) {
    if (!picking) this.#box.checked = false;
    this.#pick.hidden = !picking;
    this.#acts.parentNode.hidden = picking;
  }

  /** Show the poll as it is now; `now` is the server's time, in ms. */
  show(poll, now) {
    const before = this.#poll;
    this.#poll = poll;
    write(this.#link, poll.question);
    set(this.#link, "lang", poll.language);
    set(this.#menu.node.firstChild, "aria-label", say("hosting.more", { question: poll.question }));
    if (poll.event) this.#showEvent(poll.event);
    write(this.#owner, this.#told.owner(poll));
    this.#owner.hidden = !this.#owner.textContent;
    showStatus(this.#badge, poll.status);
    this.#showVotes(poll);
    this.tick(now);
    if (before?.status !== poll.status) this.#offer(poll);
  }

  /** Show how long it stays as it is. */
  tick(now) {
    write(this.#left, timeLeft(this.#poll, this.#poll.status, now));
  }

  #showVotes(poll) {
    const counts = poll.options.map(({ votes_count: count }) => count);
    const known = !counts.includes(null);
    const n = counts.reduce((sum, count) => sum + (count ?? 0), 0);
    const word = poll.max_choices === 1 ? "shared.votes" : "host.choices_made";
    const [before, after = ""] = say(word, { n }).split(number(n));
    fill(this.#votes, known && element("span", {}, before, element("strong", {}, number(n)), after));
    this.#votes.hidden = !known || (!n && ["draft", "scheduled"].includes(poll.status));
    this.#strip.hidden = !known || !n;
    if (!this.#strip.hidden) this.#showStrip(counts);
  }

  #showStrip(counts) {
    const parts = counts.slice(0, SHOWN);
    const rest = counts.slice(SHOWN).reduce((sum, count) => sum + count, 0);
    const wanted = [...parts, ...(rest ? [rest] : [])];
    while (this.#strip.children.length > wanted.length) this.#strip.lastChild.remove();
    while (this.#strip.children.length < wanted.length) this.#strip.append(element("span"));
    wanted.forEach((count, place) => {
      const { style } = this.#strip.children[place];
      style.flexGrow = count;
      style.backgroundColor = place < SHOWN ? nthColour(place) : "";
    });
  }

  /** Which event it is part of, and the way there. */
  #showEvent(id) {
    set(this.#event, "href", `#/event/${id}`);
    write(this.#title, this.#told.event(id) || say("hosting.the_event"));
  }

  /** A poll of an event is presented and opened there. */
  #offer({ status, event }) {
    const held = this.#acts.contains(document.activeElement);
    const mine = (names) => (event ? names.filter((name) => !["present", "open"].includes(name)) : names);
    const first = mine(ACTS[status]);
    const acts = first.length ? first : ["edit"];
    const more = [...mine(MORE[status] ?? []), ...ALWAYS].filter((name) => !acts.includes(name));
    const kind = (place) => (place ? "" : status === "open" && !event ? "main" : "soft");
    fill(this.#acts, acts.map((name, place) => this.#act(name, kind(place))));
    this.#menu.offer(more.map((name) => this.#act(name, ["reset", "delete"].includes(name) ? "danger" : "")));
    if (held) this.#acts.querySelector("a, button")?.focus(); // what was pressed is replaced
  }

  #act(name, kind) {
    const { id } = this.#poll;
    const links = { see: `#/poll/${id}`, edit: `#/poll/${id}/edit`, history: `#/poll/${id}/history` };
    const text = say(WORDS[name]);
    const named = { class: `button ${kind}`, "aria-describedby": this.#link.id };
    if (links[name]) return element("a", { ...named, href: links[name] }, text);
    const made = button(text, () => once(made, () => this.#told.act(name, this.#poll)), kind);
    set(made, "aria-describedby", this.#link.id);
    return made;
  }
}
