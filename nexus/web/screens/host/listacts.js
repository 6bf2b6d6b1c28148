/** What is done with polls from the list: with one of them, or with all that are ticked. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { ask } from "./dialog.js";
import { told } from "./faults.js";
import { announce, button } from "./parts.js";
import { present } from "./presenting.js";

/** Acts on polls at `server`; the outcome is announced in `line`, and `changed()` is awaited after each. */
export class ListActs {
  #server;
  #line;
  #changed;

  constructor(server, line, changed) {
    this.#server = server;
    this.#line = line;
    this.#changed = changed;
  }

  /** Do what is called `name` with a poll. */
  async act(name, poll) {
    const acts = {
      present: () => present(this.#server, poll, this.#line),
      open: () => this.#open(poll),
      reopen: () => this.#open(poll),
      close: () => this.#close(poll),
      duplicate: () => this.#duplicate(poll),
      export: () => this.#export(poll),
      reset: () => this.#reset(poll),
      delete: () => this.delete([poll]),
    };
    await acts[name]();
  }

  /** Close voting on several polls, once that is confirmed. Resolves to whether it was. */
  async close(polls) {
    const asked = { title: say("hosting.close_title", { n: polls.length }), text: say("hosting.close_text") };
    if (!(await ask({ ...asked, act: say("host.close"), danger: false }))) return false;
    await this.#each(polls, (poll) => this.#call(poll, "close/"), say("hosting.closed", { n: polls.length }));
    return true;
  }

  /** Delete polls, once that is confirmed. Resolves to whether it was. */
  async delete(polls) {
    const one = polls.length === 1;
    const title = one ? say("host.delete_title") : say("hosting.delete_title", { n: polls.length });
    const which = one ? say("host.quoted", { text: polls[0].question }) : null;
    const text = [which, say(one ? "host.delete_text" : "hosting.delete_text"), say("host.delete_kept")].filter(Boolean);
    if (!(await ask({ title, text, act: say("host.delete_act") }))) return false;
    const done = one ? say("hosting.gone", { question: polls[0].question }) : say("hosting.deleted", { n: polls.length });
    await this.#each(polls, (poll) => this.#server.call("DELETE", `/polls/${poll.id}/`), done);
    return true;
  }

  async #open(poll) {
    await this.#each([poll], () => this.#call(poll, "open/"), say("hosting.opened", { question: poll.question }));
  }

  /** Closing can be undone: reopening keeps the votes. */
  async #close(poll) {
    const done = say("hosting.closed_one", { question: poll.question });
    if (!(await this.#each([poll], () => this.#call(poll, "close/"), done))) return;
    this.#line.append(" ", button(say("host.reopen"), () => this.#open(poll), "plain"));
  }

  async #duplicate(poll) {
    const copy = async () => {
      const { id } = await this.#call(poll, "copy/");
      location.hash = `#/poll/${id}/edit`;
    };
    await this.#try(copy);
  }

  async #reset(poll) {
    const text = [say("host.quoted", { text: poll.question }), say("host.reset_text"), say("host.reset_kept")];
    if (!(await ask({ title: say("host.reset_title"), text, act: say("host.reset_act") }))) return;
    await this.#each([poll], () => this.#call(poll, "reset/"), say("host.reset_now"));
  }

  async #export(poll) {
    await this.#try(async () => {
      const { ExportCard } = await import("./exporting.js");
      const card = new ExportCard(this.#server, poll.id);
      card.show(poll.epoch);
      const close = button(say("shared.close"), () => dialog.close());
      const inside = element("div", { class: "stack" }, card.node, element("div", { class: "buttons end" }, close));
      const dialog = element("dialog", { "aria-labelledby": "export" }, inside);
      dialog.addEventListener("close", () => {
        card.close();
        dialog.remove();
      });
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  #call(poll, act) {
    return this.#server.call("POST", `/polls/${poll.id}/${act}`);
  }

  /** Do `work` with each poll in turn; what was done before a failure stays. */
  async #each(polls, work, done) {
    const right = await this.#try(async () => {
      for (const poll of polls) await work(poll);
    });
    await this.#changed();
    if (right) announce(this.#line, done);
    return right;
  }

  async #try(work) {
    announce(this.#line, "");
    try {
      await work();
      return true;
    } catch (error) {
      announce(this.#line, told(error), true);
      return false;
    }
  }
}
