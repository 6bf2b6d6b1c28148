/** Who runs an event: its owner, and the co-hosts that the owner adds by name. */

import { element, fill } from "../dom.js";
import { say } from "../words.js";
import { told } from "./faults.js";
import { given, nameField, refuse } from "./named.js";
import { announce, button, once, statusLine } from "./parts.js";
import { who } from "./sentences.js";
import { owns } from "./showing.js";

/** A card with them; only who owns the event is offered to add and to remove. */
export class CoHosts {
  #server;
  #hosted;
  #owner = null;
  #hosts = [];
  #known = "";
  #list = element("ul", { class: "people" });
  #line = statusLine();
  #field = nameField("co-host", say("event.host_add"), say("event.host_hint"));
  #submit = element("button", {}, say("event.host_act"));
  #form = element("form", { class: "adding", novalidate: true }, this.#field.node, this.#submit);

  constructor(server, hosted) {
    this.#server = server;
    this.#hosted = hosted;
    const title = element("h2", { id: "hosts" }, say("event.hosts"));
    /** The card. */
    this.node = element("section", { class: "card", "aria-labelledby": "hosts" }, title, this.#list, this.#form, this.#line);
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      once(this.#submit, () => this.#add());
    });
  }

  /** Read who they are. Rejects as calls do. */
  async open() {
    const { event } = this.#hosted;
    const { owner, results } = await this.#server.call("GET", `${this.#path}hosts/?page_size=100`);
    this.#owner = owner;
    this.#hosts = results;
    this.#known = event.hosts.join();
    this.#paint();
  }

  /** Whether a name was typed and not added. */
  get dirty() {
    return Boolean(this.#field.input.value.trim());
  }

  /** Show the event as it is now. */
  show(event) {
    if (!this.node.isConnected) return;
    if (event.hosts.join() === this.#known && event.created_by === this.#owner?.sub) this.#paint();
    else this.open().catch((error) => announce(this.#line, told(error), true));
  }

  get #path() {
    return `/events/${this.#hosted.event.id}/`;
  }

  #paint() {
    const { event } = this.#hosted;
    const { me } = this.#server;
    const { sub: owner, username } = this.#owner;
    const mine = owns(event, me);
    this.#form.hidden = !mine;
    const name = username ?? who(owner, {});
    const shown = JSON.stringify([name, owner, mine, this.#hosts]);
    if (this.#list.dataset.shown === shown) return;
    this.#list.dataset.shown = shown;
    const rows = this.#hosts.map((host) => this.#row(host.username ?? host.sub, host.sub, mine && (() => this.#remove(host))));
    fill(this.#list, this.#row(name, owner, null, say("event.owner")), rows);
  }

  #row(name, sub, remove, note) {
    const you = sub === this.#server.me.sub && element("span", { class: "badge", "data-status": "draft" }, say("host.who_you"));
    const marked = note && element("span", { class: "badge" }, note);
    const row = element("li", {}, element("span", { class: "name", dir: "auto" }, name), marked, you);
    if (remove) {
      const made = button(say("event.host_remove"), () => once(made, remove), "plain");
      made.setAttribute("aria-label", say("event.host_remove_name", { name }));
      row.append(made);
    }
    return row;
  }

  async #add() {
    announce(this.#line, "");
    const { input } = this.#field;
    const username = given(input);
    if (!username) return;
    try {
      const event = await this.#server.call("POST", `${this.#path}hosts/`, { username });
      input.value = "";
      this.#hosted.take(event);
      await this.open();
      announce(this.#line, say("event.host_added", { name: username }));
      input.focus();
    } catch (error) {
      refuse(input, error, this.#server.me);
    }
  }

  async #remove({ sub, username }) {
    announce(this.#line, "");
    try {
      await this.#server.call("DELETE", `${this.#path}hosts/?sub=${encodeURIComponent(sub)}`);
    } catch (error) {
      if (error.code !== "user_not_found") return announce(this.#line, told(error), true);
    }
    await this.#hosted.again();
    await this.open();
    announce(this.#line, say("event.host_removed", { name: username ?? sub }));
    this.#field.input.focus(); // what was pressed is gone
  }
}
