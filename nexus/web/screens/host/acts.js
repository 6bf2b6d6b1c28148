/** What a host does with a poll: present, open and close it; and in a menu what is done seldom. */

import { element, icon, set, write } from "../dom.js";
import { say } from "../words.js";
import { ask } from "./dialog.js";
import { showElsewhere } from "./elsewhere.js";
import { told } from "./faults.js";
import { Menu } from "./menu.js";
import { leave } from "./notice.js";
import { announce, button, once } from "./parts.js";
import { present } from "./presenting.js";

const SPANS_S = [30, 60, 120, 300]; // for which voting can be opened by a button
const SCREEN = "M3 4h18a1 1 0 0 1 1 1v11a1 1 0 0 1-1 1h-7v2h3v2H7v-2h3v-2H3a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zm1 2v9h16V6z";
const DOTS = "M5 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm7 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm7 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4z";

/** The buttons. Their outcome is announced in `line`, with a way back where there is one. */
export class Acts {
  #server;
  #path;
  #line;
  #poll = null;
  #present;
  #open = button("", () => once(this.#open, () => this.#post("open", say("host.opened_now"))));
  #close = button(say("host.close"), () => once(this.#close, () => this.#end()));
  #elsewhere = button(say("hosting.elsewhere_act"), () => showElsewhere(this.#server, this.#poll));
  #edit;
  #reset;
  #now;
  #menu = new Menu(say("hosting.more_acts"), icon(DOTS));
  #span = element("span", { id: "span" });
  #spans = new Map(); // the buttons for a while, each with the end that it has set

  constructor(server, id, line) {
    this.#server = server;
    this.#path = `/polls/${id}/`;
    this.#line = line;
    /** Whether this page is deleting the poll. */
    this.deleting = false;
    this.#present = button("", () => once(this.#present, () => present(server, this.#poll, line)), "main");
    this.#present.append(icon(SCREEN), say("hosting.present"));
    const link = (to, text, kind) => element("a", { class: kind, href: `#/poll/${id}/${to}` }, text);
    this.#edit = link("edit", say("host.edit"), "button");
    this.#menu.offer(this.#seldom(link("history", say("host.history"))));
    const now = element("div", { class: "buttons" }, this.#present, this.#open, this.#close, this.#elsewhere);
    this.#timed.append(this.#span, ...SPANS_S.map((seconds) => this.#openFor(seconds)));
    /** What comes next; what came of it stands in room that is kept for it, so that nothing moves. */
    this.node = element("div", { class: "stack tight next" }, now, element("div", { class: "under" }, this.#timed, line));
    this.#now = now;
    /** What is done seldom. */
    this.more = element("div", { class: "buttons" }, this.#edit, this.#menu.node);
  }

  // Those that open voting for a while, or set another end.
  #timed = element("div", { class: "buttons small timed", role: "group", "aria-labelledby": "span" });

  /** The address of what lists the poll: its event, or the list. */
  get above() {
    return this.#poll?.event ? `#/event/${this.#poll.event}` : "#/";
  }

  /** Offer what can be done with `poll` in a status; null means that it is gone. A poll of an event is presented there. */
  show(poll, status) {
    const held = this.node.contains(document.activeElement) ? document.activeElement : null;
    this.#poll = poll ?? this.#poll;
    for (const node of [this.#now, this.#timed, this.more]) node.hidden = !status;
    this.#mark();
    write(this.#open, say(status === "closed" ? "host.reopen" : "host.open"));
    set(this.#open, "class", status === "closed" ? null : "soft");
    this.#present.hidden = this.#elsewhere.hidden = Boolean(this.#poll.event);
    this.#open.hidden = status === "open";
    this.#close.hidden = status !== "open";
    this.#reset.hidden = ["draft", "scheduled"].includes(status); // nobody has voted yet
    write(this.#span, say({ open: "host.close_in", closed: "host.reopen_for" }[status] ?? "host.open_for"));
    // The button that was pressed is replaced by its opposite, and passes the focus on.
    if (held?.hidden) [this.#open, this.#close].find((one) => !one.hidden)?.focus();
  }

  /** Mark the button that has set the end in force. */
  #mark() {
    const { expires_at: end } = this.#poll;
    for (const [one, until] of this.#spans) set(one, "aria-pressed", String(Boolean(end) && end === until));
  }

  #seldom(history) {
    const made = (name, work, kind) => button(say(name), ({ currentTarget: one }) => once(one, work), kind);
    return [
      made("host.duplicate", () => this.#copy()),
      history,
      (this.#reset = made("host.reset", () => this.#startAfresh(), "danger")),
      made("host.delete", () => this.#remove(), "danger"),
    ];
  }

  /** Do something at once, which `undo` can take back. */
  async #post(act, done, body, undo, pressed) {
    await this.#try(async () => {
      const { expires_at: end } = await this.#server.call("POST", `${this.#path}${act}/`, body);
      for (const one of this.#spans.keys()) this.#spans.set(one, one === pressed ? end : null);
      this.#mark();
      announce(this.#line, done);
      if (undo) this.#line.append(" ", undo);
    });
  }

  /** Close voting, which can be undone: reopening keeps the votes. */
  #end() {
    const before = this.#poll.expires_at;
    const again = button(say("host.reopen"), () => once(again, () => this.#reopen(before)), "plain");
    return this.#post("close", say("host.closed_now"), undefined, again);
  }

  /** Open voting again, with the end that it had if that is still ahead. */
  async #reopen(before) {
    await this.#post("open", say("host.opened_now"));
    if (Date.parse(before) > this.#server.client.now() && !this.#poll.expires_at) await this.#setEnd(before, "host.opened_now");
  }

  #openFor(seconds) {
    const span = seconds < 60 ? say("host.seconds", { n: seconds }) : say("host.minutes", { n: seconds / 60 });
    const made = button(span, () => once(made, () => this.#openUntil(made, seconds, span)));
    this.#spans.set(made, null);
    return made;
  }

  #openUntil(pressed, seconds, span) {
    const before = this.#poll.expires_at;
    const undo = button(say("hosting.undo"), () => once(undo, () => this.#setEnd(before, "hosting.undone")), "plain");
    const was = this.#close.hidden ? undefined : undo; // opening is undone by closing
    return this.#post("open", say("host.opened_for", { span }), { seconds }, was, pressed);
  }

  #setEnd(expires_at, done) {
    return this.#try(async () => {
      await this.#server.call("PATCH", this.#path, { expires_at });
      announce(this.#line, say(done));
    });
  }

  async #copy() {
    await this.#try(async () => {
      const { id } = await this.#server.call("POST", `${this.#path}copy/`);
      location.hash = `#/poll/${id}/edit`;
    });
  }

  async #startAfresh() {
    const text = [say("host.reset_text"), say("host.reset_kept")];
    if (await ask({ title: say("host.reset_title"), text, act: say("host.reset_act") })) {
      await this.#post("reset", say("host.reset_now"));
    }
  }

  async #remove() {
    const text = [say("host.delete_text"), say("host.delete_kept")];
    if (!(await ask({ title: say("host.delete_title"), text, act: say("host.delete_act") }))) return;
    this.deleting = true;
    leave(say("hosting.gone", { question: this.#poll.question }));
    await this.#try(async () => {
      await this.#server.call("DELETE", this.#path);
      location.hash = this.above;
    });
    this.deleting = false;
  }

  async #try(work) {
    announce(this.#line, "");
    try {
      await work();
    } catch (error) {
      announce(this.#line, told(error), true);
    }
  }
}
