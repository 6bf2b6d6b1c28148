/** The audience's page of one poll: what is asked, the options to tap, and how things stand. */

import { sharesById } from "../bar.js";
import { element, fill, set, write } from "../dom.js";
import { isLong } from "../preview.js";
import { showProse } from "../prose.js";
import { correctedAt } from "../time.js";
import { say } from "../words.js";
import { Row } from "./row.js";

/** The page. `choose(id)`, `send()` and `retract()` are called for what a voter does. */
export class Paper {
  #acts;
  #rows = new Map();
  #fixed = null;
  #question = element("h1", { id: "question", dir: "auto" });
  #description = element("p", { id: "description", class: "prose faint", dir: "auto" });
  #time = element("p", { id: "left", class: "time" });
  #list = element("ul", { id: "results", class: "options", "aria-labelledby": "question" });
  #said = element("p", { id: "said", role: "status" });
  #trouble = element("p", { id: "trouble", class: "note bad", role: "alert", hidden: true });
  #turnout = element("p", { id: "turnout", class: "faint" });
  #corrected = element("p", { id: "corrected", class: "faint", hidden: true });
  #hidden = element("p", { id: "veiled", class: "faint", hidden: true });
  #send = element("button", { id: "send", class: "main", type: "button", hidden: true });
  #retract = element("button", { id: "retract", class: "plain", type: "button", hidden: true }, say("vote.retract"));

  constructor(root, link, acts) {
    this.#acts = acts;
    this.#send.addEventListener("click", () => acts.send());
    this.#retract.addEventListener("click", () => acts.retract());
    const head = element("header", {}, this.#question, this.#description, this.#time);
    const foot = element(
      "footer",
      {},
      ...[this.#trouble, this.#said, this.#hidden, this.#turnout, this.#corrected, this.#retract, this.#send],
    );
    fill(root, link, head, this.#list, foot);
  }

  /** Show how things stand: `view` of `choices`, and the sentence that says it. */
  show(poll, totals, view, sentence) {
    const focused = document.activeElement;
    write(this.#question, poll.question);
    set(this.#question, "data-long", isLong(poll.question));
    showProse(this.#description, poll.description);
    document.title = say("vote.title_of", { question: poll.question });
    this.#showRows(poll, view, totals);
    this.#showPlace(totals);
    write(this.#said, sentence);
    set(this.#said, "data-standing", view.standing);
    write(this.#corrected, correctedAt(poll));
    this.#corrected.hidden = !poll.corrected_at;
    write(this.#turnout, totals ? say("shared.turnout", { n: totals.voters }) : "");
    this.#showVeil(poll, totals, view);
    this.#showActs(poll, view);
    this.#keep(focused);
  }

  /** Show how long is left, if anything is. */
  tick(text) {
    write(this.#time, text);
    this.#time.hidden = !text;
  }

  /** Say what went wrong with an act, or what else a voter has to know (`warn`); an empty text clears it. */
  complain(text, tone = "bad") {
    set(this.#trouble, "class", `note ${tone}`);
    write(this.#trouble, text);
    this.#trouble.hidden = !text;
  }

  #showRows(poll, view, totals) {
    const fixed = !view.mayVote;
    if (fixed !== this.#fixed) this.#rebuild(fixed);
    const ids = new Set(view.options.map(({ id }) => id));
    for (const [id, row] of this.#rows) if (!ids.has(id)) this.#drop(id, row);
    const total = totals?.total_votes ?? 0;
    const shares = totals ? sharesById(totals) : new Map();
    view.options.forEach((option, index) => {
      const row = this.#rows.get(option.id) ?? this.#add(option.id);
      if (this.#list.children[index] !== row.item) this.#list.insertBefore(row.item, this.#list.children[index] ?? null);
      const share = shares.get(option.id);
      row.show(option, { total, share, mode: view.mode, several: poll.votes_per_user > 1 });
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
    else {
      this.#said.tabIndex = -1;
      this.#said.focus();
    }
  }

  #add(id) {
    const row = new Row(id, () => this.#acts.choose(id));
    row.build(this.#fixed);
    this.#rows.set(id, row);
    return row;
  }

  #drop(id, row) {
    row.item.remove();
    this.#rows.delete(id);
  }

  #showPlace(totals) {
    set(this.#list, "data-epoch", totals?.epoch);
    set(this.#list, "data-version", totals?.version);
    set(this.#list, "data-visibility", totals?.visibility);
  }

  #showVeil(poll, totals, view) {
    const veiled = totals !== null && !view.shown;
    this.#hidden.hidden = !veiled;
    const late = poll.results === "after_vote" && totals?.final;
    if (veiled) write(this.#hidden, say(late ? "vote.veiled_closed" : `vote.veiled_${poll.results}`));
  }

  #showActs(poll, view) {
    this.#send.hidden = view.mode !== "pick" || !view.mayVote;
    set(this.#send, "aria-disabled", view.maySend ? null : "true");
    const again = view.standing && poll.votes_per_user === 1;
    write(this.#send, say(again ? "vote.send_again" : "vote.send"));
    this.#retract.hidden = !view.mayRetract;
    write(this.#retract, say(poll.votes_per_user > 1 ? "vote.retract_last" : "vote.retract"));
  }
}
