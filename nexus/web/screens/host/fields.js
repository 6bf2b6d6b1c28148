/** The fields of a poll apart from its options: what is asked, who may do what, and when. */

import { element, fill, set, write } from "../dom.js";
import { blame, field } from "../login.js";
import { number, say } from "../words.js";
import { button } from "./parts.js";
import { PolicyChoice } from "./policy.js";
import { isVisible, length } from "./texts.js";

const LONGEST_QUESTION = 500;
const MINUTE = 60_000;
const QUICK = [5, 10, 30];
const FLAGS = ["allow_change", "allow_guests", "anonymous", "is_public"];
const FLAG_DEFAULT = true;
const TIMES = ["opens_at", "expires_at"];

/** The fields; `inputs` by their names on the server, `values` as the server takes them. */
export class Fields {
  #policy = new PolicyChoice("results");
  #counter = element("p", { class: "hint counter" });
  #now;

  constructor(categories, now) {
    this.#now = now;
    this.inputs = {
      question: element("textarea", { name: "question", rows: "2", dir: "auto", required: true }),
      description: element("textarea", { name: "description", rows: "2", dir: "auto" }),
      max_choices: element("input", { name: "max_choices", type: "number", min: "1", max: "100", step: "1" }),
      votes_per_user: element("input", { name: "votes_per_user", type: "number", min: "1", max: "100", step: "1" }),
      ...Object.fromEntries(FLAGS.map((name) => [name, element("input", { name, type: "checkbox" })])),
      opens_at: element("input", { name: "opens_at", type: "datetime-local" }),
      expires_at: element("input", { name: "expires_at", type: "datetime-local" }),
      category: element("select", { name: "category" }, categoryOptions(categories)),
    };
    this.inputs.question.addEventListener("input", () => this.#count());
    this.#make(categories.length > 0);
    this.show({});
  }

  get values() {
    const { question, description, max_choices: most, votes_per_user: votes, category } = this.inputs;
    return {
      question: question.value.trim(),
      description: description.value.trim(),
      category: category.value ? Number(category.value) : null,
      max_choices: Math.trunc(most.valueAsNumber) || 0, // which the server refuses, and says why
      votes_per_user: Math.trunc(votes.valueAsNumber) || 0,
      ...Object.fromEntries(FLAGS.map((name) => [name, this.inputs[name].checked])),
      opens_at: toUtc(this.inputs.opens_at.value),
      expires_at: toUtc(this.inputs.expires_at.value),
      results: this.#policy.value,
    };
  }

  /** Show a poll, or the defaults of a new one. */
  show(poll) {
    const { inputs } = this;
    inputs.question.value = poll.question ?? "";
    inputs.description.value = poll.description ?? "";
    inputs.category.value = poll.category ?? "";
    inputs.max_choices.value = poll.max_choices ?? 1;
    inputs.votes_per_user.value = poll.votes_per_user ?? 1;
    for (const name of FLAGS) inputs[name].checked = poll[name] ?? FLAG_DEFAULT;
    for (const name of TIMES) inputs[name].value = poll[name] ? toLocal(Date.parse(poll[name])) : "";
    this.#policy.value = poll.results ?? "live";
    this.#count();
  }

  /** Make fields that can no longer change read-only. */
  freeze(names) {
    for (const name of names) {
      const input = this.inputs[name];
      set(input, ["checkbox", "select-one"].includes(input.type) ? "disabled" : "readonly", true);
    }
  }

  /** Clear all errors. */
  clear() {
    for (const input of Object.values(this.inputs)) blame(input, "");
  }

  /** Check what can be checked here; returns the first field with an error, or null. */
  check() {
    this.clear();
    const { question } = this.inputs;
    const long = length(question.value);
    if (!long) blame(question, say("host.rule_question"));
    else if (long > LONGEST_QUESTION) blame(question, say("host.rule_length", { from: 1, to: LONGEST_QUESTION }));
    else if (!isVisible(question.value)) blame(question, say("host.rule_invisible"));
    else return null;
    return question;
  }

  #make(categories) {
    const { inputs } = this;
    const asked = field(say("host.question"), inputs.question);
    asked.append(this.#counter);
    const described = field(say("host.description"), inputs.description, { hint: say("host.description_hint") });
    /** What is asked. */
    this.asked = [asked, described];
    const sorted = categories ? [field(say("host.category"), inputs.category)] : [];
    const numbers = ["max_choices", "votes_per_user"].map((name) => field(say(`host.${name}`), inputs[name]));
    const voting = [element("div", { class: "pair" }, numbers), ...FLAGS.map((name) => flag(name, inputs[name]))];
    if (!categories) voting.push(element("div", { hidden: true }, field(say("host.category"), inputs.category)));
    const times = [field(say("host.opens_at"), inputs.opens_at, { hint: say("host.opens_at_hint") })];
    times.push(field(say("host.expires_at"), inputs.expires_at, { hint: say("host.expires_at_hint") }), this.#quick());
    /** The settings, in groups. */
    this.groups = [
      group("", [this.#policy.node]),
      group("host.group_voting", voting),
      group("host.group_times", [...times, ...sorted]),
    ];
  }

  #quick() {
    const { opens_at: opens, expires_at: expires } = this.inputs;
    const end = (minutes) => {
      const from = opens.value ? Date.parse(opens.value) : this.#now();
      expires.value = toLocal(Math.ceil((from + minutes * MINUTE) / MINUTE) * MINUTE);
      blame(expires, "");
    };
    const made = QUICK.map((n) => button(say("host.quick", { n }), () => end(n)));
    made.push(button(say("host.quick_none"), () => {
      expires.value = "";
    }));
    return element("div", { class: "buttons small" }, made);
  }

  #count() {
    const n = length(this.inputs.question.value);
    write(this.#counter, say("host.counter", { text: number(n), most: LONGEST_QUESTION }));
    set(this.#counter, "data-over", n > LONGEST_QUESTION);
  }
}

function group(title, children) {
  if (!title) return element("div", { class: "card" }, children);
  return element("fieldset", { class: "card" }, element("legend", {}, say(title)), children);
}

function flag(name, input) {
  const made = field(say(`host.${name}`), input, { hint: say(`host.${name}_hint`) });
  made.className = "choice";
  const texts = element("div", {}, [...made.children].filter((one) => one !== input));
  return fill(made, input, texts);
}

function categoryOptions(categories) {
  const none = element("option", { value: "" }, say("host.no_category"));
  return [none, ...categories.map(({ id, name }) => element("option", { value: id }, name))];
}

function toUtc(local) {
  return local ? new Date(local).toISOString() : null;
}

function toLocal(ms) {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}
