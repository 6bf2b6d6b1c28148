/** Creating a poll, and changing one. */

import { Unreachable } from "../../client.js";
import { element, fill, write } from "../dom.js";
import { say } from "../words.js";
import { ask } from "./dialog.js";
import { blameAll, rule, told } from "./faults.js";
import { Fields } from "./fields.js";
import { unfold } from "./folds.js";
import { placeOf } from "./formplace.js";
import { OptionList } from "./optionlist.js";
import { announce, back, button, heading, once, statusLine } from "./parts.js";
import { Sample } from "./sample.js";
import { Settings } from "./settings.js";
import { change, create } from "./storing.js";
import { templateOf, templates } from "./templates.js";
import { forget, keep, kept } from "./typed.js";

const MOST_CATEGORIES = 100;
const FROZEN = ["max_choices", "votes_per_user"];

/** The view of the form: for the poll `id`, or for a new one if that is null, which may begin with the template that
 * `query` names, and is added to the `event` of this id, if one is given. */
export class FormView {
  #server;
  #id;
  #place;
  #template;
  #poll = null;
  #fields;
  #settings;
  #options = new OptionList({ changed: () => this.#changed(), passed: () => this.#buttons[0].focus() });
  #sample = new Sample();
  #line = statusLine();
  #buttons = [];
  #code; // by which people enter, where there is one already
  #clean = "";
  #saved = false;

  keeps = true;

  constructor(server, id, query, event = null) {
    this.#server = server;
    this.#id = id;
    this.#place = placeOf(id, event, query);
    this.#template = templateOf(query.get("template"));
    this.title = this.#place.title;
    this.heading = heading(this.title);
    this.node = element("div", { class: "stack" }, back(this.#place.away, this.#place.text), this.heading);
  }

  /** Whether leaving now would lose something. */
  get dirty() {
    return !this.#saved && this.#clean !== "" && this.#clean !== this.#state();
  }

  /** Where somebody begins who comes to it. */
  get first() {
    return this.#id === null ? this.#fields.inputs.question : this.heading;
  }

  /** Read what the form needs. */
  async open() {
    const categories = this.#server.call("GET", `/categories/?page_size=${MOST_CATEGORIES}`);
    const poll = this.#id === null ? null : this.#server.call("GET", `/polls/${this.#id}/`);
    const [{ results }, found] = await Promise.all([categories, poll]);
    this.#poll = found;
    const event = this.#place.event ?? found?.event ?? null;
    const inEvent = event !== null;
    if (found?.event) write(this.heading, (this.title = say("hosting.edit_question")));
    this.#code = inEvent ? (await this.#server.call("GET", `/events/${event}/`)).code : found?.code;
    this.#fields = new Fields(results, inEvent);
    this.#settings = new Settings(this.#fields, { categories: results, inEvent, now: () => this.#server.client.now() });
    this.#build();
    if (found) this.#fill(found);
    this.#clean = this.#state();
    const typed = kept(this.#server.me.sub, this.#place.name);
    if (typed) this.#restore(typed);
    else if (this.#template) this.#apply(this.#template);
    this.#paint();
  }

  /** It is left for good: what was typed is not wanted. */
  close() {
    if (this.#clean) forget();
  }

  #state() {
    return JSON.stringify([this.#fields.values, this.#options.values]);
  }

  // --- What is shown -----------------------------------------------------------------------------------------

  #build() {
    const form = element("form", { novalidate: true, class: "stack" });
    const described = element("summary", {}, say("host.description"));
    const more = element("details", { class: "more" }, described, this.#fields.node("description"));
    more.lastChild.firstChild.classList.add("unseen"); // the summary says it
    const asked = element("div", { class: "card asking" }, this.#fields.node("question"), more, this.#options.node);
    const buttons = element("div", { class: "buttons" }, this.#makeButtons());
    const bar = element("div", { class: "save" }, this.#line, buttons);
    form.append(...this.#notes(), this.#poll ? "" : this.#templates(), asked, this.#settings.node, bar);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const pressed = event.submitter ?? this.#buttons[0];
      once(this.#buttons[0], () => this.#save(pressed.value === "draft"));
    });
    form.addEventListener("keydown", (event) => this.#enter(event));
    for (const event of ["input", "change"]) form.addEventListener(event, () => this.#changed());
    this.node.append(this.#tabs(), element("div", { class: "making" }, form, this.#sample.node));
  }

  /** On narrow screens the form and the preview take turns. */
  #tabs() {
    const made = ["hosting.editing", "hosting.preview"].map((name, n) => button(say(name), () => show(n)));
    const show = (shown) => {
      this.node.classList.toggle("previews", shown === 1);
      made.forEach((one, n) => one.setAttribute("aria-pressed", String(n === shown)));
    };
    show(0);
    return element("div", { class: "tabs turns", role: "group", "aria-label": say("hosting.preview") }, made);
  }

  /** Enter never opens a poll by accident: in the question it leads to the options. */
  #enter(event) {
    const { key, target } = event;
    const asks = target === this.#fields.inputs.question;
    if (key !== "Enter" || event.isComposing || !(asks || target.matches("input"))) return;
    event.preventDefault();
    if (asks) this.#options.focus();
  }

  #makeButtons() {
    const made = (value, text, kind) => element("button", { value, class: kind }, say(text));
    const cancel = element("a", { class: "button plain", href: this.#place.away }, say("shared.cancel"));
    if (this.#poll) this.#buttons = [made("save", "host.save", "main")];
    else if (this.#place.event) this.#buttons = [made("draft", "event.add_question", "main")];
    else this.#buttons = [made("open", "host.create_open", "main"), made("draft", "host.create_draft")];
    return [...this.#buttons, cancel];
  }

  #templates() {
    const made = templates().map((one) => button(say(`hosting.template_${one.name}`), () => this.#begin(one)));
    const title = element("span", { id: "templates" }, say("hosting.templates"));
    return element("div", { class: "buttons small chips", role: "group", "aria-labelledby": "templates" }, title, made);
  }

  #notes() {
    if (!this.#poll) return [];
    const note = (text) => element("p", { class: "note warn" }, text);
    if (this.#closed) return [note(say("host.edit_closed"))];
    return this.#voted ? [note(say("host.edit_voted"))] : [];
  }

  get #voted() {
    return this.#poll.options.some(({ votes_count: count }) => count > 0);
  }

  get #closed() {
    return this.#poll.status === "closed";
  }

  #fill(poll) {
    this.#fields.show(poll);
    this.#options.fill(poll.options.map(({ id, option_text: text }) => ({ id, text })), this.#closed);
    if (this.#voted) this.#fields.freeze(FROZEN);
    if (!poll.event && !["draft", "scheduled"].includes(poll.status)) this.#fields.freeze(["opens_at"]);
    if (poll.description) unfold(this.#fields.inputs.description);
  }

  /** Begin with a template; what was typed instead of its options is given up only if the host says so. */
  async #begin(template) {
    const typed = this.#options.values.map(({ text }) => text).join("\n");
    const own = typed && !templates().some(({ options }) => options.join("\n") === typed);
    const asked = { title: say("hosting.replace_title"), text: say("hosting.replace_text"), act: say("hosting.replace") };
    if (own && !(await ask(asked))) return;
    this.#apply(template);
    this.#changed();
    this.#fields.inputs.question.focus();
  }

  #apply({ options }) {
    this.#options.fill(options.map((text) => ({ id: null, text })));
  }

  #restore({ values, options }) {
    this.#fields.show(values);
    const was = new Map((this.#poll?.options ?? []).map(({ id, option_text: text }) => [id, text]));
    this.#options.fill(options.map(({ id, text }) => ({ id: was.has(id) ? id : null, text })), this.#locked, was);
    if (values.description) unfold(this.#fields.inputs.description);
    if (this.dirty) announce(this.#line, say("hosting.restored"));
  }

  get #locked() {
    return this.#poll !== null && this.#closed;
  }

  #changed() {
    if (this.#line.dataset.bad !== undefined) announce(this.#line, "");
    keep(this.#server.me.sub, this.#place.name, { values: this.#fields.values, options: this.#options.rows });
    this.#paint();
  }

  #paint() {
    this.#settings.paint();
    this.#sample.show(this.#fields.values, this.#options.values.map(({ text }) => text), this.#code);
    if (this.#poll || this.#place.event) return;
    const scheduled = Boolean(this.#fields.values.opens_at);
    fill(this.#buttons[0], say(scheduled ? "host.create_scheduled" : "host.create_open"));
  }

  // --- Saving ------------------------------------------------------------------------------------------------

  async #save(draft) {
    announce(this.#line, "");
    const question = this.#fields.check();
    const { right, first } = this.#options.check();
    if (question || !right) {
      announce(this.#line, say("host.look_again"), true);
      (question ?? first)?.focus();
      return;
    }
    announce(this.#line, say("host.saving"));
    try {
      const values = this.#fields.values;
      const saving = this.#poll ? this.#change(values) : create(this.#server, this.#place.path, values, this.#options.values, draft);
      const saved = await saving;
      if (saved === null) return;
      this.#saved = true;
      location.hash = this.#place.saved(saved);
    } catch (error) {
      this.#fault(error);
    }
  }

  #fault(error) {
    const lost = error instanceof Unreachable;
    if (lost || !error.errors?.length) {
      const comfort = lost ? ` ${say(this.#poll ? "host.kept" : "host.create_unsure")}` : "";
      announce(this.#line, told(error) + comfort, true);
      return;
    }
    const inputs = this.#fields.inputs;
    let option = null;
    for (const { field, message } of error.errors) {
      if (inputs[field]) unfold(inputs[field]);
      const place = /^options\[(\d+)\]/.exec(field)?.[1];
      if (place !== undefined) option ??= this.#options.blame(Number(place), rule(message));
    }
    const rest = { ...error, errors: error.errors.filter(({ field }) => !field.startsWith("options[")) };
    const left = rest.errors.length ? blameAll(inputs, rest) : "";
    if (option && !rest.errors.length) option.focus();
    announce(this.#line, left || say("host.look_again"), true);
  }

  /** Save the changes; resolves to the poll, or to null if the host has cancelled. If a step fails, the earlier ones
   * remain, and the form continues from there. */
  async #change(values) {
    const before = this.#poll;
    const [was] = JSON.parse(this.#clean);
    let refused;
    try {
      refused = await change(this.#server, before, { was, values, wanted: this.#options.values });
    } catch (error) {
      await this.#goOn().catch(() => {}); // the server can't be reached now: the next attempt will find out
      throw error;
    }
    if (!refused) return before;
    await this.#goOn();
    announce(this.#line, say(refused));
    return null;
  }

  /** Take the poll as it is now for what the form started with; what was typed stays. */
  async #goOn() {
    const typed = this.#fields.values;
    this.#poll = await this.#server.call("GET", `/polls/${this.#id}/`);
    this.#options.rename(this.#poll.options);
    const [was] = JSON.parse(this.#clean);
    const now = Object.fromEntries(Object.keys(typed).map((name) => [name, this.#poll[name] ?? null]));
    for (const name of ["opens_at", "expires_at"]) if (name in now) now[name] = sameMinute(now[name], was[name]) ? was[name] : now[name];
    this.#clean = JSON.stringify([now, this.#poll.options.map(({ id, option_text: text }) => ({ id, text }))]);
  }
}

function sameMinute(one, other) {
  return one?.slice(0, 16) === other?.slice(0, 16);
}
