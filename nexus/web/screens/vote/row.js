/** One option on the audience's page: a button while it can be chosen, else a line of results. What happens to a vote is
 * shown here, where the tap was. */

import { element, fill, icon, set, write } from "../dom.js";
import { CHECK, CROSS, DEVICE } from "../icons.js";
import { say } from "../words.js";

const MARKS = { kept: DEVICE, lost: CROSS };

/** Brings `line`, one of the sheet, to life; `choose()` is called for a tap. */
export class Row {
  #line;
  #choose;
  #mark = icon(CHECK);
  #box = null;

  constructor(line, choose) {
    this.#line = line;
    this.#choose = choose;
    line.mark.append(this.#mark);
  }

  /** Its element. */
  get item() {
    return this.#line.item;
  }

  /** Build it as a button, or `fixed`, as a line that can't be chosen. */
  build(fixed) {
    const button = { class: "choice", type: "button", on: { click: this.#choose } };
    this.#box = fixed ? element("div", { class: "choice" }) : element("button", button);
    this.#line.build(this.#box);
  }

  /** Show an option of `choices` and its `share`, of a poll with `total` ballots. `answer` is what is said to a tap that
   * did nothing, and `rank` the word for an option that leads. */
  show(option, { total, share, mode, several, answer, rank, closed }) {
    const { word, times } = this.#line;
    this.#line.show(option.id, option.text, option.count, total, share);
    set(this.item, "data-state", option.state);
    set(this.item, "data-picked", mode === "pick" && option.picked);
    set(this.item, "data-dropped", mode === "pick" && option.state === "standing" && !option.picked && !closed);
    set(this.item, "data-leads", option.leads);
    set(this.item, "data-answer", Boolean(answer));
    set(this.#mark.firstChild, "d", MARKS[option.state] ?? CHECK);
    this.#showPressed(option, mode);
    const cast = option.standing + option.sending;
    times.hidden = !several || cast < 2;
    write(times, say("vote.times", { n: cast }));
    const yours = closed && option.state === "standing";
    const state = option.state === "free" ? "" : say(yours ? "vote.word_yours" : `vote.word_${option.state}`);
    const ranked = option.leads && (closed || ["free", "standing"].includes(option.state)) && rank;
    const dot = state && ranked ? " · " : "";
    const place = ranked && element("span", { class: "rank" }, ranked);
    const said = answer ? [answer] : closed ? [place, dot, state] : [state, dot, place];
    const shown = element("span", {}, ...said.filter(Boolean));
    if (word.textContent !== shown.textContent) fill(word, ...shown.childNodes);
  }

  #showPressed(option, mode) {
    if (!(this.#box instanceof HTMLButtonElement)) return;
    const chosen = mode === "pick" ? option.picked : mode === "tap" && option.standing > 0;
    set(this.#box, "role", mode === "pick" ? "checkbox" : null);
    set(this.#box, "aria-checked", mode === "pick" ? String(chosen) : null);
    set(this.#box, "aria-pressed", mode === "tap" ? String(chosen) : null);
  }
}
