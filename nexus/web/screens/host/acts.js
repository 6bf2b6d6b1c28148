/** What a host does with a poll: open, close, reset and delete it; with links to its form and its history. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { ask } from "./dialog.js";
import { told } from "./faults.js";
import { announce, button, once } from "./parts.js";

/** The buttons. Their outcome is announced in `line`. */
export class Acts {
  #server;
  #path;
  #line;
  #open = button("", () => once(this.#open, () => this.#post("open", "host.opened_now")), "main");
  #close = button(say("host.close"), () => once(this.#close, () => this.#post("close", "host.closed_now")));
  #reset = button(say("host.reset"), () => once(this.#reset, () => this.#startAfresh()));
  #delete = button(say("host.delete"), () => once(this.#delete, () => this.#remove()), "danger");
  #links;

  constructor(server, id, line) {
    this.#server = server;
    this.#path = `/polls/${id}/`;
    this.#line = line;
    /** Whether this page is deleting the poll. */
    this.deleting = false;
    const link = (to, text) => element("a", { class: "button", href: `#/poll/${id}/${to}` }, text);
    this.#links = [link("edit", say("host.edit")), link("history", say("host.history"))];
    /** The buttons, in their order. */
    this.node = [this.#open, this.#close, ...this.#links, this.#reset, this.#delete];
  }

  /** Offer what the status allows; null means that the poll is gone. */
  show(status) {
    const held = this.node.includes(document.activeElement) ? document.activeElement : null;
    this.#open.textContent = say(status === "closed" ? "host.reopen" : "host.open");
    this.#open.hidden = !status || status === "open";
    this.#close.hidden = !["open", "scheduled"].includes(status);
    for (const one of [this.#reset, this.#delete, ...this.#links]) one.hidden = !status;
    // The button that was pressed is replaced by its opposite, and passes the focus on.
    if (held?.hidden) [this.#open, this.#close].find((one) => !one.hidden)?.focus();
  }

  async #post(act, done) {
    await this.#try(async () => {
      await this.#server.call("POST", `${this.#path}${act}/`);
      announce(this.#line, say(done));
    });
  }

  async #startAfresh() {
    const text = [say("host.reset_text"), say("host.reset_kept")];
    if (await ask({ title: say("host.reset_title"), text, act: say("host.reset_act") })) {
      await this.#post("reset", "host.reset_now");
    }
  }

  async #remove() {
    const text = [say("host.delete_text"), say("host.delete_kept")];
    if (!(await ask({ title: say("host.delete_title"), text, act: say("host.delete_act") }))) return;
    this.deleting = true;
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
