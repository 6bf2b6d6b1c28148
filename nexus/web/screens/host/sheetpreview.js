/** What a run sheet that was pasted or read from a file will be: its questions with their options, and what is wrong. */

import { element, fill } from "../dom.js";
import { number, say } from "../words.js";
import { button } from "./parts.js";

const MOST_SHOWN = 12; // options of a question: more than these say nothing about whether it was read rightly

/** The list of the questions. `go(line)` leads to a line of the text. */
export class SheetPreview {
  #go;
  /** The list. */
  node = element("ol", { class: "sheet-preview" });

  constructor(go) {
    this.#go = go;
  }

  /** Show questions `{question, options}`, the first of them the `first` of the run sheet, and `faults`, as `faultsOf`
   * returns them. */
  show(polls, faults = [], first = 1) {
    const ends = polls.map((_, n) => polls[n + 1]?.line ?? Infinity);
    const of = (n) => faults.filter(({ line }) => line >= polls[n].line && line < ends[n]);
    fill(this.node, polls.map((poll, n) => this.#row(poll, faults.length ? of(n) : [], first + n)));
  }

  #row({ question, options }, faults, number) {
    const shown = options.slice(0, MOST_SHOWN).map((text) => element("li", { dir: "auto" }, text));
    const more = options.length - shown.length;
    if (more > 0) shown.push(element("li", { class: "more" }, `+${number(more)}`));
    const place = element("span", { class: "number", "aria-hidden": "true" }, String(number));
    const told = faults.length > 0 && element("ul", { class: "faults" }, faults.map((fault) => this.#fault(fault)));
    const parts = [element("p", { class: "asked", dir: "auto" }, question), element("ul", {}, shown), told];
    return element("li", { value: number, "data-bad": faults.length > 0 }, place, element("div", {}, parts));
  }

  #fault({ line, name, ...values }) {
    const lead = button(say("runsheet.line", { line }), () => this.#go(line), "plain");
    return element("li", {}, lead, " ", say(`runsheet.fault_${name}`, values));
  }
}
