/** What a host does with an event as a whole: present it, and in a menu what is done seldom. */

import { element, icon, set } from "../dom.js";
import { staging } from "../invite.js";
import { later } from "../persist.js";
import { say } from "../words.js";
import { ask } from "./dialog.js";
import { told } from "./faults.js";
import { handOver } from "./handover.js";
import { Menu } from "./menu.js";
import { leave } from "./notice.js";
import { announce, button, once } from "./parts.js";
import { owns } from "./showing.js";

const DOTS = "M5 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm7 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm7 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4z";

/** The acts on the event that `hosted` follows. Their outcome is announced in `line`. */
export class EventActs {
  #server;
  #hosted;
  #line;
  #control = element("a", { class: "button main" }, say("control.title"));
  // The stage's tab gets a copy of this one's login, with which it moves the event.
  #present = element("a", { class: "button", target: "_blank", rel: "opener" }, say("hosting.present"));
  #results = element("a", { class: "button" }, say("eventresults.title"));
  #edit = element("a", { class: "button" }, say("event.settings"));
  #menu = new Menu(say("hosting.more_acts"), icon(DOTS));
  #offered = "";

  constructor(server, hosted, line) {
    this.#server = server;
    this.#hosted = hosted;
    this.#line = line;
    /** Whether this page is deleting the event. */
    this.leaving = false;
    /** What comes next. */
    this.node = element("div", { class: "buttons ways" }, this.#control, this.#present, this.#results);
    /** What is done seldom. */
    this.more = element("div", { class: "buttons" }, this.#edit, this.#menu.node);
  }

  /** Offer what can be done with `event`; null means that it is gone. */
  show(event) {
    this.node.hidden = this.more.hidden = !event;
    if (!event) return;
    set(this.#control, "href", `#/event/${event.id}/control`);
    this.#control.hidden = !event.polls.length;
    set(this.#present, "href", `${staging}live/${event.code}`);
    set(this.#results, "href", `#/event/${event.id}/results`);
    set(this.#edit, "href", `#/event/${event.id}/edit`);
    const offered = `${event.id} ${owns(event, this.#server.me)}`;
    if (offered !== this.#offered) this.#offer(event);
    this.#offered = offered;
  }

  #offer(event) {
    const history = element("a", { href: `#/event/${event.id}/history` }, say("host.history"));
    const acts = [history, this.#act("event.copy", () => this.#copy()), this.#act("runsheet.save_file", () => this.#save())];
    if (owns(event, this.#server.me)) {
      acts.push(this.#act("event.hand_over", () => handOver(this.#server, this.#hosted)));
      acts.push(this.#act("host.delete", () => this.#delete(), "danger"));
    }
    this.#menu.offer(acts);
  }

  #act(name, act, kind) {
    const made = button(say(name), () => once(made, act), kind);
    return made;
  }

  get #path() {
    return `/events/${this.#hosted.event.id}/`;
  }

  async #copy() {
    await this.#try(async () => {
      const { id, title } = await this.#server.call("POST", `${this.#path}copy/`);
      leave(say("event.copied_event", { title }));
      location.hash = `#/event/${id}`;
    });
  }

  /** Hand out the definition as a file, from which the event can be made again. */
  async #save() {
    await this.#try(async () => {
      const { saveDefinition } = await later("host/definition");
      await saveDefinition(this.#server, this.#hosted.event);
    });
  }

  async #delete() {
    const { title, polls } = this.#hosted.event;
    const text = [say("host.quoted", { text: title }), say("event.delete_text", { n: polls.length }), say("host.delete_kept")];
    if (!(await ask({ title: say("event.delete_title"), text, act: say("host.delete_act") }))) return;
    this.leaving = true;
    this.leaving = await this.#try(async () => {
      await this.#server.call("DELETE", this.#path);
      leave(say("event.deleted", { title }));
      location.hash = "#/events";
    });
  }

  /** Do something, and say why where it fails. Resolves to whether it was done. */
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
