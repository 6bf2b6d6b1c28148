/** One question in a run sheet: its place, what it asks, how it stands, and what its host does with it. */

import { element, icon, set, write } from "../dom.js";
import { say } from "../words.js";
import { draggable } from "./dragging.js";
import { Menu } from "./menu.js";
import { badge, button, once } from "./parts.js";
import { showTurn } from "./showing.js";

const GRIP = "M8 5h2v2H8zm6 0h2v2h-2zM8 11h2v2H8zm6 0h2v2h-2zM8 17h2v2H8zm6 0h2v2h-2z";
const DOTS = "M5 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm7 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm7 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4z";

/** The row of `poll` in the event `event`; `told` has the methods `moved(row, step, dragged)` and `act(name, row)`. */
export class SheetRow {
  #told;
  #event;
  #poll;
  #number = element("span", { class: "number", "aria-hidden": "true" });
  #handle = new Menu("", [icon(GRIP), this.#number], "plain handle");
  #menu = new Menu("", icon(DOTS));
  #link;
  #live = element("span", { class: "badge live", hidden: true }, say("event.on_now"));
  #badge = badge("draft");
  #voters = element("span");
  #show = button("", () => once(this.#show, () => this.#told.act(this.#shown ? "hide" : "show", this)), "soft");
  #shown = null;
  #up = button("", () => this.#told.moved(this, -1));
  #down = button("", () => this.#told.moved(this, 1));

  constructor(poll, event, told) {
    this.#told = told;
    this.#event = event;
    this.#link = element("a", { id: `question-${poll.id}` });
    const facts = element("p", { class: "facts" }, this.#live, this.#badge, this.#voters);
    const asked = element("div", { class: "asked-here" }, element("h3", { dir: "auto" }, this.#link), facts);
    const acts = element("div", { class: "acts" }, this.#show, this.#menu.node);
    /** The row. */
    this.node = element("li", { "aria-labelledby": this.#link.id }, this.#handle.node, asked, acts);
    this.#handle.offer([this.#up, this.#down]);
    draggable(this.#handle.node.firstChild, this.node, (step) => told.moved(this, step, true));
    this.node.addEventListener("keydown", (pressed) => this.#key(pressed), true);
  }

  /** The poll as it is shown. */
  get poll() {
    return this.#poll;
  }

  /** Whether it is being dragged. */
  get dragged() {
    return this.node.dataset.dragged !== undefined;
  }

  /** Give the focus to its question. */
  focus() {
    this.#link.focus();
  }

  /** Show the poll as it is now, with how many `voters` it has if that is known, and whether it is `shown`. */
  show(poll, voters, shown) {
    const question = poll.question;
    const draft = poll.status === "draft";
    if (!this.#poll || this.#poll.question !== question || this.#poll.status !== poll.status) this.#offer(poll);
    this.#poll = poll;
    write(this.#link, question);
    set(this.#link, "href", draft ? `#/poll/${poll.id}/edit?event=${this.#event}` : `#/poll/${poll.id}`);
    showTurn(this.#badge, poll.status, shown);
    write(this.#voters, voters === undefined || draft ? "" : say("shared.turnout", { n: voters }));
    set(this.node, "data-shown", shown);
    set(this.node, "aria-current", shown ? "true" : null);
    this.#live.hidden = !shown;
    if (this.#shown === shown) return;
    this.#shown = shown;
    write(this.#show, say(shown ? "event.hide" : "event.show"));
    set(this.#show, "aria-describedby", this.#link.id);
  }

  /** Its place (from 0) among `count`. */
  place(n, count) {
    write(this.#number, String(n + 1));
    set(this.#handle.node.firstChild, "aria-label", say("event.move", { n: n + 1 }));
    write(this.#up, say("event.move_up"));
    write(this.#down, say("event.move_down"));
    this.#up.hidden = n === 0;
    this.#down.hidden = n === count - 1;
  }

  #offer({ id, question, status }) {
    const edit = element("a", { href: `#/poll/${id}/edit?event=${this.#event}` }, say("host.edit"));
    const see = status !== "draft" && element("a", { href: `#/poll/${id}` }, say("hosting.see"));
    const act = (name, word, kind) => button(say(word), () => this.#told.act(name, this), kind);
    const acts = [act("copy", "host.duplicate"), act("delete", "host.delete", "danger")];
    set(this.#menu.node.firstChild, "aria-label", say("hosting.more", { question }));
    this.#menu.offer([edit, see, ...acts].filter(Boolean));
  }

  /** Alt and an arrow key move the row, wherever in it the focus is. */
  #key(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    this.#told.moved(this, step);
  }
}
