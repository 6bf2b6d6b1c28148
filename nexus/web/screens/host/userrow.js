/** One account in the list, and what an administrator can do with it. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { ask } from "./dialog.js";
import { told } from "./faults.js";
import { heirFault, heirField, query } from "./leaving.js";
import { announce, button, once, statusLine, timeNode } from "./parts.js";

const BADGES = { invited: "scheduled", disabled: "closed" }; // who is active is like most people

/** The row of `user`. `changed(text)` is called once something was done, `linked.show(link)` with a new link, and
 * `logout(note)` once the administrator's own account is gone. */
export class UserRow {
  #user;
  #parts;
  #name;
  #line = statusLine(); // why something was not done, where it was asked for

  constructor(user, parts) {
    this.#user = user;
    this.#parts = parts;
    this.#name = user.username;
    const title = element("h2", { dir: "auto" }, user.username);
    const head = element("div", { class: "named" }, title, this.#badges());
    this.node = element("li", { class: "card user" }, head, this.#facts(), this.#buttons(), this.#line);
  }

  #badges() {
    const { status, admin, sub } = this.#user;
    const badge = (text, kind) => element("span", { class: "badge", "data-status": kind }, text);
    return [
      BADGES[status] && badge(say(`users.status_${status}`), BADGES[status]),
      admin && badge(say("users.role_admin"), "draft"),
      sub === this.#parts.server.me.sub && badge(say("host.who_you"), "draft"),
    ];
  }

  #facts() {
    const { email, polls, status, invited_until: until, has_password: usable, created_at: made } = this.#user;
    const facts = [email && element("span", { dir: "auto" }, email), element("span", {}, say("users.polls", { n: polls }))];
    if (until) facts.push(element("span", {}, say("users.link_until"), " ", timeNode(until)));
    else if (!usable && status !== "disabled") facts.push(element("span", {}, say("users.link_none")));
    facts.push(element("span", {}, say("host.made"), " ", timeNode(made)));
    return element("p", { class: "facts" }, facts);
  }

  #buttons() {
    const { disabled, admin, has_password: usable } = this.#user;
    const acts = [];
    if (!disabled) acts.push(this.#button(usable ? "reset" : "relink", () => this.#relink()));
    acts.push(this.#button(admin ? "drop_admin" : "make_admin", () => this.#setAdmin()));
    acts.push(this.#button(disabled ? "enable" : "disable", () => this.#setDisabled()));
    acts.push(this.#button("delete", () => this.#delete(), "danger"));
    return element("div", { class: "buttons small" }, acts);
  }

  #button(name, act, kind) {
    const made = button(say(`users.${name}`), () => once(made, act), kind);
    made.setAttribute("aria-label", say("users.act_on", { act: say(`users.${name}`), name: this.#name }));
    return made;
  }

  async #relink() {
    const name = this.#name;
    if (this.#user.has_password) {
      const asked = { title: say("users.reset_title", { name }), text: say("users.reset_text"), danger: false };
      if (!(await ask({ ...asked, act: say("users.invite_submit") }))) return;
    }
    await this.#try(async () => {
      const link = await this.#call("POST", "invitation/");
      await this.#parts.linked.show(link);
    });
  }

  async #setAdmin() {
    const name = this.#name;
    const admin = !this.#user.admin;
    const kind = admin ? "make" : "drop";
    const asked = { title: say(`users.${kind}_title`, { name }), text: say(`users.${kind}_text`), danger: !admin };
    if (await ask({ ...asked, act: say(`users.${kind}_act`) })) await this.#patch({ admin }, `users.${kind}_done`);
  }

  async #setDisabled() {
    const name = this.#name;
    const disabled = !this.#user.disabled;
    const asked = { title: say("users.disable_title", { name }), text: say("users.disable_text") };
    if (disabled && !(await ask({ ...asked, act: say("users.disable_act") }))) return;
    await this.#patch({ disabled }, disabled ? "users.disable_done" : "users.enable_done");
  }

  async #delete() {
    const { node, input } = heirField("heir");
    const asked = { title: say("users.delete_title", { name: this.#name }), act: say("users.delete_act") };
    const text = [say("users.delete_text"), say("users.no_way_back")];
    if (!(await ask({ ...asked, text, content: this.#user.polls ? node : null }))) return;
    const own = this.#user.sub === this.#parts.server.me.sub;
    await this.#try(async () => {
      await this.#call("DELETE", query(input.value.trim()));
      if (own) await this.#parts.logout(say("users.left"));
      else await this.#parts.changed(say("users.delete_done", { name: this.#name }));
    });
  }

  async #patch(change, done) {
    await this.#try(async () => {
      await this.#call("PATCH", "", change);
      await this.#parts.changed(say(done, { name: this.#name }));
    });
  }

  #call(method, rest, body) {
    return this.#parts.server.call(method, `/users/${this.#user.id}/${rest}`, body);
  }

  async #try(work) {
    announce(this.#parts.line, "");
    announce(this.#line, "");
    try {
      await work();
    } catch (error) {
      announce(this.#line, heirFault(error) || told(error), true);
    }
  }
}
