/** The audience's page of one poll: what is asked, the options to tap, and how things stand. */

import { sharesById } from "../bar.js";
import { byId, element, markLanguage, set, write } from "../dom.js";
import { showProse } from "../prose.js";
import { correctedAt } from "../time.js";
import { say } from "../words.js";
import { mood } from "./choice.js";
import { Dock } from "./dock.js";
import { Row } from "./row.js";

const RING_MS = 60_000; // the last minute is drawn as a ring that empties
const SOON_MS = 10_000; // and then the last seconds

/** Writes on `sheet`. `choose(id)`, `send()` and `retract()` of `acts` are called for what a voter does. */
export class Paper {
  #sheet;
  #acts;
  #dock;
  #rows = new Map();
  #fixed = null;
  #answered = null; // the option that says why a tap did nothing
  #corrected = element("p", { id: "corrected", class: "faint", hidden: true });

  constructor(sheet, acts) {
    this.#sheet = sheet;
    this.#acts = acts;
    this.#dock = new Dock(sheet, acts);
    sheet.head.append(this.#corrected);
    sheet.list.replaceChildren();
  }

  /** Show how things stand: `view` of `choices`. */
  show(poll, totals, view) {
    const focused = document.activeElement;
    const { ended, description, time } = this.#sheet;
    this.#sheet.show(poll, totals);
    showProse(description, poll.description);
    document.title = say("vote.title_of", { question: poll.question });
    write(this.#corrected, correctedAt(poll));
    this.#corrected.hidden = !poll.corrected_at;
    write(ended, say(view.shown ? "vote.final" : "shared.status_closed"));
    ended.hidden = view.status !== "closed";
    time.hidden ||= !ended.hidden; // both at once would need two lines
    this.#showRows(poll, view, totals);
    markLanguage(byId("screen"), poll.language);
    this.#showPlace(totals);
    set(this.#sheet.list, "data-unsent", mood(view) === "unsent");
    this.#dock.show(poll, totals, view);
    this.#keep(focused);
  }

  /** Show how long is left: `text`, or nothing, and `ms` until then. */
  tick(text, ms) {
    const { time } = this.#sheet;
    write(time, text);
    time.hidden = !text;
    const soon = ms < SOON_MS;
    time.style.setProperty("--part", Math.min(1, Math.max(0, ms / (soon ? SOON_MS : RING_MS))) || 0);
    set(time, "data-soon", soon);
  }

  /** Say what went wrong with an act, or what else a voter has to know (`warn`); an empty text clears it. */
  complain(text, tone = "bad") {
    this.#answered = null;
    this.#dock.complain(text, tone);
  }

  /** Answer a tap on the option `id` that did nothing, at that option; it is shown with the next `show`. */
  answer(id, text) {
    this.#answered = { id, text };
    this.#dock.complain(text, "unseen");
  }

  /** Add a note that stays, below the question. */
  note(text) {
    this.#sheet.head.append(element("p", { class: "note warn" }, text));
  }

  #showRows(poll, view, totals) {
    const fixed = !view.mayVote;
    const { list } = this.#sheet;
    if (fixed !== this.#fixed) this.#rebuild(fixed);
    const ids = new Set(view.options.map(({ id }) => id));
    for (const [id, row] of this.#rows) if (!ids.has(id)) this.#drop(id, row);
    const shares = sharesById(totals);
    const all = { total: totals.total_votes, mode: view.mode, several: view.each > 1, closed: view.status === "closed" };
    all.rank = say(rankOf(view));
    view.options.forEach((option, index) => {
      const row = this.#rows.get(option.id) ?? this.#add(option.id);
      if (list.children[index] !== row.item) list.insertBefore(row.item, list.children[index] ?? null);
      const answer = this.#answered?.id === option.id && this.#answered.text;
      row.show(option, { ...all, share: shares.get(option.id), answer });
    });
  }

  /** Options that can't be chosen are not buttons: the keyboard skips them. */
  #rebuild(fixed) {
    this.#fixed = fixed;
    for (const row of this.#rows.values()) row.build(fixed);
  }

  /** Keep the focus where it was; if that is gone, move it to the sentence that says how things stand. */
  #keep(focused) {
    if (!focused || (focused === document.activeElement && !focused.hidden)) return;
    if (focused.isConnected && !focused.hidden) focused.focus();
    else this.#dock.focus();
  }

  #add(id) {
    const row = new Row(this.#sheet.line(), () => this.#acts.choose(id));
    row.build(this.#fixed);
    this.#rows.set(id, row);
    return row;
  }

  #drop(id, row) {
    row.item.remove();
    this.#rows.delete(id);
  }

  #showPlace(totals) {
    set(this.#sheet.list, "data-epoch", totals.epoch);
    set(this.#sheet.list, "data-version", totals.version);
    set(this.#sheet.list, "data-visibility", totals.visibility);
    set(this.#sheet.list, "data-final", totals.final);
    set(this.#sheet.list, "data-none", !totals.final && totals.total_votes === 0);
  }
}

/** The name of the word for options that lead. */
function rankOf({ options, status }) {
  if (options.filter(({ leads }) => leads).length > 1) return "vote.tied";
  return status === "closed" ? "vote.won" : "vote.leads";
}
