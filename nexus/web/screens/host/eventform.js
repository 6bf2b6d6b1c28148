/** Creating an event, and changing what is said of it and who may come in. */

import { Unreachable } from "../../client.js";
import { element } from "../dom.js";
import { blame, field } from "../login.js";
import { say } from "../words.js";
import { blameAll, told } from "./faults.js";
import { announce, back, heading, once, statusLine } from "./parts.js";
import { isVisible, length } from "./texts.js";
import { forget, keep, kept } from "./typed.js";

const LONGEST_TITLE = 200;
const FLAGS = ["is_public", "allow_guests"];

/** The view of the form: for the event `id`, or for a new one if that is null. */
export class EventFormView {
  #server;
  #id;
  #inputs;
  #line = statusLine();
  #submit;
  #clean = "";
  #saved = false;

  keeps = true;

  constructor(server, id) {
    this.#server = server;
    this.#id = id;
    this.title = say(id === null ? "hosting.new_event" : "event.settings");
    this.heading = heading(this.title);
    const flag = (name) => [name, element("input", { name, type: "checkbox", checked: true })];
    this.#inputs = {
      title: element("textarea", { name: "title", rows: "1", dir: "auto", required: true, class: "question" }),
      description: element("textarea", { name: "description", rows: "2", dir: "auto" }),
      ...Object.fromEntries(FLAGS.map(flag)),
    };
    this.#submit = element("button", { class: "main" }, say(id === null ? "event.create" : "host.save"));
    const away = id === null ? ["#/events", "event.events"] : [`#/event/${id}`, "hosting.back_to_event"];
    this.node = element("div", { class: "stack narrow" }, back(away[0], say(away[1])), this.heading, id === null && otherWays(), this.#form(away[0]));
  }

  /** Whether leaving now would lose something. */
  get dirty() {
    return !this.#saved && this.#clean !== "" && this.#clean !== JSON.stringify(this.#values);
  }

  /** Where somebody begins who comes to it. */
  get first() {
    return this.#id === null ? this.#inputs.title : this.heading;
  }

  /** Read what the form needs. */
  async open() {
    if (this.#id !== null) this.#show(await this.#server.call("GET", `/events/${this.#id}/`));
    this.#clean = JSON.stringify(this.#values);
    const typed = kept(this.#server.me.sub, this.#name);
    if (!typed) return;
    this.#show(typed);
    if (this.dirty) announce(this.#line, say("hosting.restored"));
  }

  /** It is left for good: what was typed is not wanted. */
  close() {
    if (this.#clean) forget();
  }

  get #name() {
    return `event ${this.#id ?? "new"}`;
  }

  get #values() {
    const { title, description } = this.#inputs;
    const flags = FLAGS.map((name) => [name, this.#inputs[name].checked]);
    return { title: title.value.trim(), description: description.value.trim(), ...Object.fromEntries(flags) };
  }

  #show(event) {
    this.#inputs.title.value = event.title;
    this.#inputs.description.value = event.description;
    for (const name of FLAGS) this.#inputs[name].checked = event[name];
  }

  #form(away) {
    const { title, description } = this.#inputs;
    const texts = element("div", { class: "card asking" }, field(say("event.title"), title));
    texts.append(field(say("host.description"), description, { hint: say("event.description_hint") }));
    const legend = element("legend", {}, say("event.audience"));
    const flags = element("fieldset", { class: "choices" }, legend, FLAGS.map((name) => this.#flag(name)));
    const cancel = element("a", { class: "button plain", href: away }, say("shared.cancel"));
    const bar = element("div", { class: "save" }, this.#line, element("div", { class: "buttons" }, this.#submit, cancel));
    const form = element("form", { novalidate: true, class: "stack" }, texts, element("div", { class: "card" }, flags), bar);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      once(this.#submit, () => this.#save());
    });
    form.addEventListener("keydown", (event) => this.#enter(event));
    for (const name of ["input", "change"]) form.addEventListener(name, ({ target }) => this.#changed(target));
    return form;
  }

  #flag(name) {
    const input = this.#inputs[name];
    const made = field(say(`event.${name}`), input, { hint: say(`event.${name}_hint`) });
    made.className = "choice";
    made.replaceChildren(input, element("div", {}, [...made.children].filter((one) => one !== input)));
    return made;
  }

  /** A title has one line: Enter in it is that of a form. */
  #enter(event) {
    if (event.key !== "Enter" || event.isComposing || event.target !== this.#inputs.title) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  }

  #changed(input) {
    if (!input.isConnected) return; // it is left
    blame(input, "");
    announce(this.#line, "");
    keep(this.#server.me.sub, this.#name, this.#values);
  }

  #wrong() {
    const long = length(this.#inputs.title.value);
    if (!long) return say("event.rule_title");
    if (long > LONGEST_TITLE) return say("host.rule_length", { from: 1, to: LONGEST_TITLE });
    return isVisible(this.#inputs.title.value) ? "" : say("host.rule_invisible");
  }

  async #save() {
    const wrong = this.#wrong();
    blame(this.#inputs.title, wrong);
    if (wrong) {
      announce(this.#line, say("host.look_again"), true);
      this.#inputs.title.focus();
      return;
    }
    announce(this.#line, say("host.saving"));
    try {
      const { id } = await this.#send();
      this.#saved = true;
      location.hash = `#/event/${id}`;
    } catch (error) {
      const comfort = error instanceof Unreachable ? ` ${say(this.#id ? "host.kept" : "event.create_unsure")}` : "";
      const text = error.errors?.length ? blameAll(this.#inputs, error) : told(error) + comfort;
      announce(this.#line, text || say("host.look_again"), true);
    }
  }

  /** A new event whole, and of another only what was changed here: somebody else may have changed the rest. */
  #send() {
    const values = this.#values;
    if (this.#id === null) return this.#server.call("POST", "/events/", values);
    const was = JSON.parse(this.#clean);
    const changed = Object.entries(values).filter(([name, value]) => value !== was[name]);
    return this.#server.call("PATCH", `/events/${this.#id}/`, Object.fromEntries(changed));
  }
}

/** The other ways to a new event. */
function otherWays() {
  const link = (name, words) => element("a", { class: "button", href: `#/events/${name}` }, say(words));
  return element("div", { class: "buttons" }, link("text", "runsheet.text_new"), link("file", "runsheet.file_new"));
}
