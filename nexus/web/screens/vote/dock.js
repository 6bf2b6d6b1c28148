/** The lower edge of the audience's page, where the thumb is: how the vote stands, and what else can be done. */

import { element, framed, icon, root, set, write } from "../dom.js";
import { CHECK, CLOCK, CROSS, DEVICE, FINISH, PENCIL, TAP } from "../icons.js";
import { say } from "../words.js";
import { mood, standing } from "./choice.js";

const SIGNS = {
  free: TAP, unsent: PENCIL, sending: TAP, standing: CHECK, kept: DEVICE, lost: CROSS, closed: FINISH,
  soon: CLOCK,
};

/** The lower edge of `sheet`; `send()` and `retract()` of `acts` are called for what a voter does. */
export class Dock {
  #sheet;
  #sign = icon(TAP);
  #retract = element("button", { id: "retract", class: "plain", type: "button", hidden: true }, say("vote.retract"));
  #another; // what leads on from a closed poll
  #mood = "free";
  #tone = "";

  constructor(sheet, acts) {
    this.#sheet = sheet;
    const another = { id: "another", class: "button plain", href: root, hidden: true };
    this.#another = sheet.next ?? element("a", another, say("vote.another"));
    sheet.sign.append(this.#sign);
    sheet.more.append(this.#retract, this.#another);
    sheet.send.addEventListener("click", () => acts.send());
    this.#retract.addEventListener("click", () => acts.retract());
  }

  /** Show how things stand: `view` of `choices`. */
  show(poll, totals, view) {
    const { said, send } = this.#sheet;
    const [name, values] = standing(view);
    write(said, say(name, values));
    this.#mood = mood(view);
    this.#showMood();
    this.#showVeil(poll, totals, view);
    set(send, "data-away", !view.mayVote);
    set(send, "aria-disabled", view.maySend ? null : "true");
    write(send, say(view.standing && view.each === 1 ? "vote.send_again" : "vote.send"));
    this.#retract.hidden = !view.mayRetract;
    write(this.#retract, say(view.each > 1 ? "vote.retract_last" : "vote.retract"));
    this.#another.hidden = framed || view.status !== "closed";
  }

  /** Say `text` in place of how things stand, as `bad` or `warn`, or only to screen readers (`unseen`), where it is
   * shown elsewhere. */
  complain(text, tone) {
    const { said, trouble } = this.#sheet;
    const seen = Boolean(text) && tone !== "unseen";
    this.#tone = seen ? tone : "";
    set(trouble, "class", tone === "unseen" ? "unseen" : null);
    set(said, "class", seen ? "unseen" : null);
    write(trouble, text);
    trouble.hidden = !text;
    this.#showMood();
  }

  /** Move the focus to the sentence that says how things stand. */
  focus() {
    this.#sheet.said.tabIndex = -1;
    this.#sheet.said.focus();
  }

  #showMood() {
    const shown = { bad: "lost", warn: "unsent" }[this.#tone] ?? this.#mood;
    set(this.#sheet.state, "data-mood", shown);
    set(this.#sign.firstChild, "d", this.#tone === "warn" ? CLOCK : SIGNS[shown]);
  }

  #showVeil(poll, totals, view) {
    const { veiled } = this.#sheet;
    veiled.hidden = view.shown;
    if (view.shown || poll.results === "live") return; // live results are on their way
    const late = poll.results === "after_vote" && totals.final;
    write(veiled, say(late ? "vote.veiled_closed" : `vote.veiled_${poll.results}`));
  }
}
