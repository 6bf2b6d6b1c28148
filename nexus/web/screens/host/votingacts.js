/** What is done with the question that is shown: open and close voting, a time for it, and who sees the results. */

import { element, set, write } from "../dom.js";
import { say } from "../words.js";
import { revealed } from "./cue.js";
import { button } from "./parts.js";

const SPANS_S = [15, 30, 60, 120];
const HIDDEN = "host"; // the policy under which nobody but hosts sees results

/** The buttons. `act(pressed, {method, path, body, said})` makes a call about the poll that is shown. */
export class VotingActs {
  #act;
  #room = null;
  #before = new Map(); // the policies that were replaced here, by the poll's id
  #toggle = button("", () => this.#open());
  #reveal = button("", () => this.#turn());
  #span = element("span", { id: "spans" });
  #spans = SPANS_S.map((seconds) => this.#timed(seconds));
  #why = element("p", { class: "hint why", id: "acts-why", hidden: true });

  constructor(act) {
    this.#act = act;
    const now = element("div", { class: "pair" }, this.#toggle, this.#reveal);
    const timed = element("div", { class: "spans", role: "group", "aria-labelledby": "spans" }, this.#span, this.#spans);
    /** The buttons. */
    this.node = element("div", { class: "card acts" }, this.#why, now, timed);
  }

  /** Offer what can be done with the poll of `room`, or null; where nothing can be done, `why` says so. */
  show(room, why) {
    this.#room = room;
    const reason = why ?? (!room && say("control.why_nothing"));
    const status = room?.totals.status ?? "draft";
    write(this.#toggle, say({ open: "host.close", closed: "host.reopen" }[status] ?? "host.open"));
    set(this.#toggle, "class", status === "open" ? null : "soft");
    write(this.#reveal, say(room && revealed(room.poll.results, status) ? "control.hold" : "control.reveal"));
    write(this.#span, say({ open: "host.close_in", closed: "host.reopen_for" }[status] ?? "host.open_for"));
    for (const one of [this.#toggle, this.#reveal, ...this.#spans]) {
      set(one, "aria-disabled", reason && "true");
      set(one, "aria-describedby", reason && "acts-why");
    }
    write(this.#why, reason || "");
    this.#why.hidden = !reason;
  }

  #timed(seconds) {
    const text = seconds < 60 ? say("host.seconds", { n: seconds }) : say("host.minutes", { n: seconds / 60 });
    const said = say("host.opened_for", { span: text });
    const made = button(text, () => this.#act(made, { method: "POST", path: "open/", body: { seconds }, said }));
    return made;
  }

  #open() {
    const closes = this.#room?.totals.status === "open";
    const said = say(closes ? "host.closed_now" : "host.opened_now");
    this.#act(this.#toggle, { method: "POST", path: closes ? "close/" : "open/", said });
  }

  /** Show everyone the results, or hide them: under the policy that was in force before they were shown from here. */
  #turn() {
    const { poll, totals } = this.#room ?? {};
    if (!poll) return;
    const hide = revealed(poll.results, totals.status);
    const before = this.#before.get(poll.id);
    const results = hide ? (before && !revealed(before, totals.status) ? before : HIDDEN) : "live";
    if (!hide) this.#before.set(poll.id, poll.results);
    const said = say(hide ? "control.said_held" : "control.said_revealed");
    this.#act(this.#reveal, { method: "PATCH", path: "", body: { results }, said });
  }
}
