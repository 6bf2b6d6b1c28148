/** What a host does with a poll: open, close, duplicate, reset and delete it; with links to its form and history. */

import { element, write } from "../dom.js";
import { say } from "../words.js";
import { ask } from "./dialog.js";
import { told } from "./faults.js";
import { leave } from "./notice.js";
import { announce, button, once } from "./parts.js";

const SPANS_S = [30, 60, 120, 300]; // for which voting can be opened by a button

/** The buttons. Their outcome is announced in `line`. */
export class Acts {
  #server;
  #path;
  #line;
  #open = button("", () => once(this.#open, () => this.#post("open", say("host.opened_now"))), "main");
  #close = button(say("host.close"), () => once(this.#close, () => this.#post("close", say("host.closed_now"))));
  #reset = button(say("host.reset"), () => once(this.#reset, () => this.#startAfresh()));
  #duplicate = button(say("host.duplicate"), () => once(this.#duplicate, () => this.#copy()));
  #span = element("span", { id: "span" });
  #delete = button(say("host.delete"), () => once(this.#delete, () => this.#remove()), "danger");
  #links;

  constructor(server, id, line) {
    this.#server = server;
    this.#path = `/polls/${id}/`;
    this.#line = line;
    /** Whether this page is deleting the poll. */
    this.deleting = false;
    /** The question of the poll. */
    this.question = "";
    const link = (to, text) => element("a", { class: "button", href: `#/poll/${id}/${to}` }, text);
    this.#links = [link("edit", say("host.edit")), link("history", say("host.history"))];
    /** The buttons, in their order. */
    this.node = [this.#open, this.#close, ...this.#links, this.#duplicate, this.#reset, this.#delete];
    /** Those that open voting for a while, or set another end. */
    this.timed = element("div", { class: "buttons small", role: "group", "aria-labelledby": "span" }, this.#span);
    this.timed.append(...SPANS_S.map((seconds) => this.#openFor(seconds)));
  }

  /** Offer what the status allows; null means that the poll is gone. */
  show(status) {
    const held = this.node.includes(document.activeElement) ? document.activeElement : null;
    this.#open.textContent = say(status === "closed" ? "host.reopen" : "host.open");
    this.#open.hidden = !status || status === "open";
    this.#close.hidden = !["open", "scheduled"].includes(status);
    for (const one of [this.#duplicate, this.#reset, this.#delete, this.timed, ...this.#links]) one.hidden = !status;
    write(this.#span, say(status === "open" ? "host.close_in" : "host.open_for"));
    // The button that was pressed is replaced by its opposite, and passes the focus on.
    if (held?.hidden) [this.#open, this.#close].find((one) => !one.hidden)?.focus();
  }

  async #post(act, done, body) {
    await this.#try(async () => {
      await this.#server.call("POST", `${this.#path}${act}/`, body);
      announce(this.#line, done);
    });
  }

  #openFor(seconds) {
    const span = seconds < 60 ? say("host.seconds", { n: seconds }) : say("host.minutes", { n: seconds / 60 });
    const done = say("host.opened_for", { span });
    const made = button(span, () => once(made, () => this.#post("open", done, { seconds })));
    return made;
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
    leave(say("hosting.gone", { question: this.question }));
    await this.#try(async () => {
      await this.#server.call("DELETE", this.#path);
      location.hash = "#/";
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
