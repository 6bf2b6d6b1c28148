/** Creating a poll, and changing one. */

import { Unreachable } from "../../client.js";
import { element } from "../dom.js";
import { say } from "../words.js";
import { askAboutOption, askAboutQuestion, askAboutRemoval } from "./correcting.js";
import { blameAll, rule, told } from "./faults.js";
import { Fields } from "./fields.js";
import { OptionList } from "./optionlist.js";
import { announce, back, heading, once, statusLine } from "./parts.js";
import { differences, optionCalls } from "./saving.js";

const MOST_CATEGORIES = 100;
const FROZEN = ["max_choices", "votes_per_user"];

/** The view of the form: for the poll `id`, or for a new one if that is null. */
export class FormView {
  #server;
  #id;
  #poll = null;
  #fields;
  #options = new OptionList();
  #line = statusLine();
  #buttons = [];
  #clean = "";
  #saved = false;

  keeps = true;

  constructor(server, id) {
    this.#server = server;
    this.#id = id;
    this.title = say(id === null ? "host.new_poll" : "host.edit_title");
    this.heading = heading(this.title);
    const [href, text] = id === null ? ["#/", "host.back_to_list"] : [`#/poll/${id}`, "host.back_to_poll"];
    this.node = element("div", { class: "stack" }, back(href, say(text)), this.heading);
  }

  /** Whether leaving now would lose something. */
  get dirty() {
    return !this.#saved && this.#clean !== "" && this.#clean !== this.#state();
  }

  /** Read what the form needs. */
  async open() {
    const categories = this.#server.call("GET", `/categories/?page_size=${MOST_CATEGORIES}`);
    const poll = this.#id === null ? null : this.#server.call("GET", `/polls/${this.#id}/`);
    const [{ results }, found] = await Promise.all([categories, poll]);
    this.#fields = new Fields(results, () => this.#server.client.now());
    this.#poll = found;
    this.#build();
    if (found) this.#fill(found);
    this.#clean = this.#state();
  }

  #state() {
    return JSON.stringify([this.#fields.values, this.#options.values]);
  }

  #build() {
    const form = element("form", { novalidate: true, class: "stack" });
    const first = element("div", { class: "card" }, this.#fields.asked, this.#options.node);
    const settings = element("div", { class: "settings" }, this.#fields.groups);
    const title = element("h2", {}, say("host.settings"));
    const buttons = element("div", { class: "buttons" }, this.#makeButtons());
    const bar = element("div", { class: "save" }, this.#line, buttons);
    form.append(...this.#notes(), first, title, settings, bar);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const pressed = event.submitter ?? this.#buttons[0];
      once(this.#buttons[0], () => this.#save(pressed.value === "draft"));
    });
    form.addEventListener("keydown", (event) => {
      const { key, target } = event;
      const single = target.matches("input") || target === this.#fields.inputs.question;
      if (key === "Enter" && single && !event.isComposing) event.preventDefault(); // a poll is not opened by accident
    });
    this.node.append(form);
  }

  #makeButtons() {
    const made = (value, text, kind) => element("button", { value, class: kind }, say(text));
    const away = this.#id === null ? "#/" : `#/poll/${this.#id}`;
    const cancel = element("a", { class: "button", href: away }, say("shared.cancel"));
    if (this.#poll) this.#buttons = [made("save", "host.save", "main")];
    else this.#buttons = [made("open", "host.create_open", "main"), made("draft", "host.create_draft")];
    const opens = this.#fields.inputs.opens_at;
    opens.addEventListener("input", () => {
      if (!this.#poll) this.#buttons[0].textContent = say(opens.value ? "host.create_scheduled" : "host.create_open");
    });
    return [...this.#buttons, cancel];
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
    if (!["draft", "scheduled"].includes(poll.status)) this.#fields.freeze(["opens_at"]);
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
      const id = this.#poll ? await this.#change() : await this.#create(draft);
      if (id === null) return;
      this.#saved = true;
      location.hash = `#/poll/${id}`;
    } catch (error) {
      this.#fault(error);
    }
  }

  async #create(draft) {
    const options = this.#options.values.map(({ text }) => ({ option_text: text }));
    const body = { ...this.#fields.values, options };
    if (draft) body.status = "draft";
    return (await this.#server.call("POST", "/polls/", body)).id;
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
      const place = /^options\[(\d+)\]/.exec(field)?.[1];
      if (place !== undefined) option ??= this.#options.blame(Number(place), rule(message));
    }
    const rest = { ...error, errors: error.errors.filter(({ field }) => !field.startsWith("options[")) };
    const left = rest.errors.length ? blameAll(inputs, rest) : "";
    if (option && !rest.errors.length) option.focus();
    announce(this.#line, left || say("host.look_again"), true);
  }

  /** Save the changes, step by step; returns the poll's id, or null if the host has cancelled. If a step fails, the
   * earlier ones remain, and the form continues from there. */
  async #change() {
    const before = this.#poll;
    const [was] = JSON.parse(this.#clean);
    const fields = differences(was, this.#fields.values);
    const wanted = this.#options.values;
    try {
      if (Object.keys(fields).length && !(await this.#changeFields(fields))) return this.#stop("host.not_corrected");
      for (const one of optionCalls(before.id, before.options, wanted)) {
        if (!(await this.#step(one))) return this.#stop("host.not_discarded");
      }
    } catch (error) {
      await this.#goOn().catch(() => {}); // the server can't be reached now: the next attempt will find out
      throw error;
    }
    return before.id;
  }

  async #stop(why) {
    await this.#goOn();
    announce(this.#line, say(why), true);
    return null;
  }

  async #changeFields(fields) {
    const path = `/polls/${this.#id}/`;
    try {
      await this.#server.call("PATCH", path, fields);
    } catch (error) {
      if (error.code !== "poll_has_votes" || fields.question === undefined) throw error;
      if (!(await askAboutQuestion())) return false;
      await this.#server.call("PATCH", `${path}?correction=true`, fields);
    }
    return true;
  }

  async #step({ method, path, body, option, place, act }) {
    try {
      await this.#server.call(method, path, body);
    } catch (error) {
      const closed = error.code === "poll_closed" && act === "rename";
      if (error.code !== "option_has_votes" && !closed) throw located(error, place);
      const how = act === "rename" ? await askAboutOption(option, closed) : await askAboutRemoval(option);
      if (!how) return false;
      const query = act === "rename" ? how : "discard_votes";
      await this.#server.call(method, `${path}?${query}=true`, body);
    }
    return true;
  }

  /** Take the poll as it is now for what the form started with; what was typed stays. */
  async #goOn() {
    const typed = this.#fields.values;
    this.#poll = await this.#server.call("GET", `/polls/${this.#id}/`);
    this.#options.rename(this.#poll.options);
    const [was] = JSON.parse(this.#clean);
    const now = Object.fromEntries(Object.keys(typed).map((name) => [name, this.#poll[name] ?? null]));
    for (const name of ["opens_at", "expires_at"]) now[name] = sameMinute(now[name], was[name]) ? was[name] : now[name];
    this.#clean = JSON.stringify([now, this.#poll.options.map(({ id, option_text: text }) => ({ id, text }))]);
  }
}

/** A refusal of an option's text, with the place of that option. */
function located(error, place) {
  if (place === undefined || !error.errors?.length) return error;
  const errors = error.errors.map(({ field, message }) => ({ field: `options[${place}].${field}`, message }));
  return Object.assign(error, { errors });
}

function sameMinute(one, other) {
  return one?.slice(0, 16) === other?.slice(0, 16);
}
