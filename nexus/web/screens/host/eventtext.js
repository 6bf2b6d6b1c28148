/** A run sheet pasted as text: for a new event, or to be added to one. It is shown as it will be before it is taken. */

import { Unreachable } from "../../client.js";
import { element, set, write } from "../dom.js";
import { blame, field } from "../login.js";
import { say } from "../words.js";
import { exceeds } from "./definition.js";
import { blameAll, told } from "./faults.js";
import { leave } from "./notice.js";
import { announce, back, heading, once, statusLine } from "./parts.js";
import { MOST_QUESTIONS, bodyOf, faultsOf, readSheet } from "./readsheet.js";
import { SheetPreview } from "./sheetpreview.js";
import { Addition, Creation } from "./takingsheet.js";
import { isVisible, length } from "./texts.js";
import { forget, keep, kept } from "./typed.js";

const LONGEST_TITLE = 200;
const READ_MS = 120;

/** The view: for the event `id`, or for a new one if that is null. */
export class EventTextView {
  #server;
  #id;
  #title = element("input", { name: "title", dir: "auto", required: true, autocomplete: "off" });
  #text = element("textarea", { name: "text", rows: "12", dir: "auto", spellcheck: "true" });
  #submit = element("button", { class: "main" });
  #line = statusLine();
  #count = element("p", { class: "hint" });
  #wrongs = statusLine();
  #progress = element("progress", { hidden: true, "aria-label": say("runsheet.progress") });
  #preview = new SheetPreview((line) => this.#go(line));
  #empty = element("p", { class: "nothing" }, say("runsheet.nothing"));
  #polls = [];
  #faults = [];
  #event = null;
  #creation;
  #addition = null;
  #done = false;
  #timer = null;

  keeps = true;

  constructor(server, id) {
    this.#server = server;
    this.#id = id;
    this.#creation = new Creation((...call) => server.call(...call));
    this.title = say(id === null ? "runsheet.text_new" : "runsheet.text_add");
    this.heading = heading(this.title);
    set(this.#text, "placeholder", say("runsheet.example"));
    const away = id === null ? ["#/events", "event.events"] : [`#/event/${id}`, "hosting.back_to_event"];
    this.node = element("div", { class: "stack texting" }, back(away[0], say(away[1])), this.heading, this.#form(away[0]));
  }

  /** Whether leaving now would lose something. */
  get dirty() {
    return !this.#done && Boolean(this.#text.value.trim() || this.#title.value.trim());
  }

  /** Where somebody begins who comes to it. */
  get first() {
    return this.#id === null ? this.#title : this.#text;
  }

  /** Read what it needs. */
  async open() {
    if (this.#id !== null) this.#event = await this.#server.call("GET", `/events/${this.#id}/`);
    const typed = kept(this.#server.me.sub, this.#name);
    this.#title.value = typed?.title ?? "";
    this.#text.value = typed?.text ?? "";
    if (typed) announce(this.#line, say("hosting.restored"));
    this.#read();
  }

  close() {
    clearTimeout(this.#timer);
    this.#addition?.stop();
    forget();
  }

  get #name() {
    return `event text ${this.#id ?? "new"}`;
  }

  #form(away) {
    const text = field(say("runsheet.text"), this.#text, { hint: say("runsheet.text_hint") });
    const card = element("div", { class: "card" }, this.#id === null && field(say("event.title"), this.#title), text);
    const title = element("h2", { id: "preview" }, say("hosting.preview"));
    const shown = element("section", { class: "card", "aria-labelledby": "preview" }, title, this.#count, this.#wrongs, this.#empty);
    shown.append(this.#preview.node);
    const cancel = element("a", { class: "button plain", href: away }, say("shared.cancel"));
    const buttons = element("div", { class: "buttons" }, this.#submit, cancel);
    const bar = element("div", { class: "save" }, this.#progress, this.#line, buttons);
    const sides = element("div", { class: "sides" }, card, shown);
    const form = element("form", { novalidate: true, class: "stack" }, sides, bar);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      once(this.#submit, () => this.#take());
    });
    form.addEventListener("input", ({ target }) => this.#changed(target));
    return form;
  }

  #changed(input) {
    blame(input, "");
    announce(this.#line, "");
    keep(this.#server.me.sub, this.#name, { title: this.#title.value, text: this.#text.value });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#read(), READ_MS);
  }

  /** Read the text anew, and show it as it will be. */
  #read() {
    clearTimeout(this.#timer);
    const there = this.#event?.polls.length ?? 0;
    this.#polls = readSheet(this.#text.value);
    this.#faults = faultsOf(this.#polls, MOST_QUESTIONS - there);
    this.#preview.show(this.#polls, this.#faults, there + 1);
    const n = this.#polls.length;
    this.#empty.hidden = n > 0;
    write(this.#count, n ? say("event.questions", { n }) : "");
    announce(this.#wrongs, this.#faults.length ? say("runsheet.faults", { n: this.#faults.length }) : "", true);
    write(this.#submit, this.#act);
  }

  get #act() {
    if (this.#addition) return say("runsheet.continue");
    return say(this.#id === null ? "event.create" : "event.add_question");
  }

  /** Lead to a line of the text. */
  #go(line) {
    const before = this.#text.value.split(/\n/).slice(0, line - 1); // a text area has no other ends
    const start = before.reduce((at, one) => at + one.length + 1, 0);
    const end = this.#text.value.indexOf("\n", start);
    this.#text.focus();
    this.#text.setSelectionRange(start, end < 0 ? this.#text.value.length : end);
  }

  // --- Taking it ---------------------------------------------------------------------------------------------

  async #take() {
    this.#read();
    const wrong = this.#wrong();
    if (wrong) {
      announce(this.#line, wrong, true);
      return;
    }
    announce(this.#line, say("host.saving"));
    this.#lock(true);
    try {
      const id = this.#id === null ? await this.#creation.run(this.#body) : await this.#add();
      if (id === null) return;
      this.#done = true;
      leave(say("runsheet.added"));
      location.hash = `#/event/${id}`;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** What is being taken can't be changed, nor what may have been: it is looked up by what it says. */
  #lock(locked) {
    for (const input of [this.#title, this.#text]) input.readOnly = locked;
  }

  get #body() {
    return { title: this.#title.value.trim(), polls: this.#polls.map(bodyOf) };
  }

  /** What is wrong, and what has to be changed gets the focus. */
  #wrong() {
    const title = this.#id === null ? this.#wrongTitle() : "";
    if (this.#id === null) blame(this.#title, title);
    if (title) this.#title.focus();
    else if (this.#faults.length) this.#go(this.#faults[0].line);
    else if (!this.#polls.length) this.#text.focus();
    if (title) return say("host.look_again");
    if (this.#faults.length) return say("runsheet.faults", { n: this.#faults.length });
    if (!this.#polls.length) return say("runsheet.empty");
    return this.#id === null && exceeds(this.#body) ? say("runsheet.too_large") : "";
  }

  #wrongTitle() {
    const long = length(this.#title.value);
    if (!long) return say("event.rule_title");
    if (long > LONGEST_TITLE) return say("host.rule_length", { from: 1, to: LONGEST_TITLE });
    return isVisible(this.#title.value) ? "" : say("host.rule_invisible");
  }

  /** Add the questions; resolves to the event's id, or to null where the view was left meanwhile. */
  async #add() {
    this.#addition ??= new Addition((...call) => this.#server.call(...call), this.#id, this.#polls);
    const addition = this.#addition;
    const count = this.#polls.length;
    this.#progress.hidden = false;
    this.#progress.max = count;
    await addition.run(() => {
      this.#progress.value = addition.added;
      announce(this.#line, say("runsheet.adding", { n: addition.added, count }));
    });
    return addition.added === count ? this.#id : null;
  }

  #failed(error) {
    const lost = error instanceof Unreachable;
    this.#progress.hidden = true;
    if (!this.#addition) {
      this.#lock(lost);
      const text = error.errors?.length ? blameAll({ title: this.#title }, error) : told(error);
      announce(this.#line, lost ? say("runsheet.create_unsure") : text || say("host.look_again"), true);
      return;
    }
    const { added } = this.#addition;
    const count = this.#polls.length;
    announce(this.#line, `${told(error)} ${say(lost ? "runsheet.stopped" : "runsheet.refused", { n: added, count })}`, true);
    write(this.#submit, say("runsheet.continue"));
  }
}
