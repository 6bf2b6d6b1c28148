/** Inviting people: a name goes in, a link comes out, which is shown once. */

import { element, fill, set, write } from "../dom.js";
import { invitation, others } from "../invite.js";
import { blame, field } from "../login.js";
import { say } from "../words.js";
import { address } from "./copying.js";
import { blameAll } from "./faults.js";
import { announce, button, fullTime, once, statusLine } from "./parts.js";

/** A card, hidden at first, with a form to invite somebody or with a link to pass on; `made()` is called after each
 * account that was made. */
export class InviteCard {
  #server;
  #made;
  #before = null; // what had the focus
  #inputs = {};
  #line = statusLine();

  constructor(server, made) {
    this.#server = server;
    this.#made = made;
    /** The card. */
    this.node = element("section", { class: "card", "aria-labelledby": "invite", hidden: true });
  }

  /** Whether something has been typed, or a link is shown that can't be shown again. */
  get dirty() {
    return !this.node.hidden && (!this.#inputs.username || Boolean(this.#inputs.username.value));
  }

  /** The field in which somebody begins; null while the form is not shown. */
  get first() {
    return this.#inputs.username ?? null;
  }

  /** Show the form, which may begin with a name. */
  open(name = "") {
    this.#before = document.activeElement;
    const plain = { autocomplete: "off", autocapitalize: "none", spellcheck: "false" };
    const username = element("input", { name: "username", ...plain, value: name });
    const email = element("input", { name: "email", type: "email", ...plain });
    const admin = element("input", { name: "admin", type: "checkbox", id: "admin-role", "aria-describedby": "admin-hint" });
    this.#inputs = { username, email, admin };
    const submit = element("button", { class: "main" }, say("users.invite_submit"));
    const form = element("form", { class: "stack", novalidate: true }, element("p", { class: "hint" }, say("users.invite_hint")));
    const role = element("div", { class: "choice" }, admin, element("label", { for: "admin-role" }, say("users.role_admin")));
    const hint = element("p", { class: "hint", id: "admin-hint" }, say("users.make_text"));
    form.append(field(say("login.username"), username), field(say("users.email"), email, { hint: say("users.email_hint") }));
    form.append(role, hint, element("div", { class: "buttons" }, submit, this.#closing("shared.cancel")), this.#line);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      once(submit, () => this.#send());
    });
    announce(this.#line, "");
    fill(this.node, element("h2", { id: "invite" }, say("users.invite_heading")), form);
    this.node.hidden = false;
    username.focus();
  }

  /** Show a link, which is not shown again. */
  async show({ user, url, expires_at: until }) {
    this.#before ??= document.activeElement;
    this.#inputs = {};
    const title = element("h2", { id: "invite", tabindex: "-1", dir: "auto" }, say("users.link_of", { name: user.username }));
    const told = element("p", { class: "note warn" }, say("users.link_once", { time: fullTime(until) }));
    const link = address(say("users.link"), `${others}host${new URL(url).hash}`, this.#line);
    link.classList.add("long");
    announce(this.#line, "");
    const hint = !invitation && element("p", { class: "hint" }, say("host.local_hint"));
    const copies = link.querySelector("button");
    set(copies, "class", "main"); // what the card is for
    const done = element("div", { class: "buttons" }, copies, this.#closing("users.link_done"));
    fill(this.node, ...[title, told, link, hint, done, this.#line].filter(Boolean));
    this.node.hidden = false;
    await this.#made();
    title.focus();
  }

  async #send() {
    const { username, email, admin } = this.#inputs;
    announce(this.#line, "");
    const given = { username: username.value, admin: admin.checked };
    if (email.value.trim()) given.email = email.value;
    try {
      await this.show(await this.#server.call("POST", "/users/", given));
    } catch (error) {
      for (const input of [username, email]) blame(input, "");
      if (error.code === "username_taken") {
        blame(username, say("host.username_taken"));
        username.focus();
      } else announce(this.#line, blameAll({ username, email }, error), true);
    }
  }

  #closing(word) {
    return button(say(word), () => {
      this.node.hidden = true;
      this.#inputs = {};
      fill(this.node);
      write(this.#line, "");
      this.#before?.focus();
      this.#before = null;
    });
  }
}
