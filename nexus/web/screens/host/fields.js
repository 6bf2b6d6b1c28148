/** The fields of a poll apart from its options: their inputs, what they hold, and what is wrong with it. */

import { element, fill, set, write } from "../dom.js";
import { blame, field } from "../login.js";
import { known, number, say } from "../words.js";
import { PolicyChoice } from "./policy.js";
import { isVisible, length } from "./texts.js";
import { languageChoice, toLocal, toUtc } from "./values.js";

const LONGEST_QUESTION = 500;
const FLAGS = ["allow_change", "allow_guests", "anonymous", "is_public"];
const FLAG_DEFAULT = true;
const TIMES = ["opens_at", "expires_at"];
const OF_EVENT = ["allow_guests", "is_public", ...TIMES]; // what the event of a poll says, and its hosts do
/** The ways in which results are drawn, and the orders of options, as the server names them. */
export const LOOKS = { chart: ["bars", "columns", "donut"], option_order: ["position", "votes"] };

/** The fields; `inputs` by their names on the server, `values` as the server takes them. A poll in an event lacks some. */
export class Fields {
  #counter = element("p", { class: "hint counter", hidden: true });
  #flags;
  #times;
  /** Who sees the results. */
  policy = new PolicyChoice("results");

  constructor(categories, inEvent) {
    [this.#flags, this.#times] = [FLAGS, TIMES].map((names) => names.filter((one) => !inEvent || !OF_EVENT.includes(one)));
    const counted = (name) => element("input", { name, type: "number", min: "1", max: "100", step: "1" });
    const choice = (name) => LOOKS[name].map((value) => element("option", { value }, say(`host.${name}_${value}`)));
    this.inputs = {
      question: element("textarea", { name: "question", rows: "1", dir: "auto", required: true, class: "question" }),
      description: element("textarea", { name: "description", rows: "2", dir: "auto" }),
      max_choices: counted("max_choices"),
      votes_per_user: counted("votes_per_user"),
      ...Object.fromEntries(this.#flags.map((name) => [name, element("input", { name, type: "checkbox" })])),
      ...Object.fromEntries(this.#times.map((name) => [name, element("input", { name, type: "datetime-local" })])),
      chart: element("select", { name: "chart" }, choice("chart")),
      option_order: element("select", { name: "option_order" }, choice("option_order")),
      language: languageChoice(),
      category: element("select", { name: "category" }, categoryOptions(categories)),
    };
    this.inputs.question.addEventListener("input", () => this.#count());
    // What is mended is no longer called wrong.
    for (const input of Object.values(this.inputs)) input.addEventListener("input", () => blame(input, ""));
    this.show({});
  }

  get values() {
    const { question, description, max_choices: most, votes_per_user: votes, category, language } = this.inputs;
    return {
      question: question.value.trim(),
      description: description.value.trim(),
      category: category.value ? Number(category.value) : null,
      max_choices: Math.trunc(most.valueAsNumber) || 0, // which the server refuses, and says why
      votes_per_user: Math.trunc(votes.valueAsNumber) || 0,
      ...Object.fromEntries(this.#flags.map((name) => [name, this.inputs[name].checked])),
      ...Object.fromEntries(this.#times.map((name) => [name, toUtc(this.inputs[name].value)])),
      ...Object.fromEntries(Object.keys(LOOKS).map((name) => [name, this.inputs[name].value])),
      language: language.value || null,
      results: this.policy.value,
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
    for (const name of this.#flags) inputs[name].checked = poll[name] ?? FLAG_DEFAULT;
    for (const name of this.#times) inputs[name].value = poll[name] ? toLocal(Date.parse(poll[name])) : "";
    for (const [name, values] of Object.entries(LOOKS)) inputs[name].value = poll[name] ?? values[0];
    inputs.language.select(poll.language ?? "");
    this.policy.value = poll.results ?? "live";
    this.#count();
  }

  /** Make fields that can no longer change read-only. */
  freeze(names) {
    for (const name of names) {
      const input = this.inputs[name];
      set(input, ["checkbox", "select-one"].includes(input.type) ? "disabled" : "readonly", true);
    }
  }

  /** Check what can be checked here; returns the first field with an error, or null. */
  check() {
    for (const input of Object.values(this.inputs)) blame(input, "");
    const { question } = this.inputs;
    const long = length(question.value);
    if (!long) blame(question, say("host.rule_question"));
    else if (long > LONGEST_QUESTION) blame(question, say("host.rule_length", { from: 1, to: LONGEST_QUESTION }));
    else if (!isVisible(question.value)) blame(question, say("host.rule_invisible"));
    else return null;
    return question;
  }

  /** The field of this name with its label; a hint where there is one. */
  node(name) {
    const hint = ["description", "opens_at", "expires_at"].includes(name) ? say(`host.${name}_hint`) : null;
    const made = field(say(known(`host.${name}`) ? `host.${name}` : `host.field_${name}`), this.inputs[name], { hint });
    if (name === "question") made.append(this.#counter);
    return made;
  }

  /** The switch of this name, with what it means. */
  flag(name) {
    const input = this.inputs[name];
    const made = field(say(`host.${name}`), input, { hint: say(`host.${name}_hint`) });
    made.className = "choice";
    const texts = element("div", {}, [...made.children].filter((one) => one !== input));
    return fill(made, input, texts);
  }

  #count() {
    const n = length(this.inputs.question.value);
    write(this.#counter, say("host.counter", { text: number(n), most: LONGEST_QUESTION }));
    this.#counter.hidden = n < LONGEST_QUESTION / 2; // nobody counts a short question
    set(this.#counter, "data-over", n > LONGEST_QUESTION);
  }
}


function categoryOptions(categories) {
  const none = element("option", { value: "" }, say("host.no_category"));
  return [none, ...categories.map(({ id, name }) => element("option", { value: id }, name))];
}
