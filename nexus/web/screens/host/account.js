/** The account: its name and role, changing the password, and logging out. */

import { element, icon } from "../dom.js";
import { blame, field } from "../login.js";
import { later } from "../persist.js";
import { block, load, say, series } from "../words.js";
import { blameAll } from "./faults.js";
import { leaveCard } from "./leaving.js";
import { PERSON, announce, button, heading, once, statusLine } from "./parts.js";
import { nameOf } from "./server.js";

const ROLES = ["admin", "host", "user"]; // each may do what the ones after it may

/** The view of the account; `logout(note)` ends the login, and `note` says why if that was not asked for. */
export class AccountView {
  #server;
  #line = statusLine();
  #facts;
  #brands = [];

  keeps = true;

  constructor(server, logout) {
    this.#server = server;
    this.title = say("host.account");
    this.heading = heading(say("host.account"));
    const out = button(say("hosting.logout"), () => once(out, () => logout()));
    const own = element("div", { class: "own" });
    own.append(...(server.me.username === null ? [this.#elsewhere()] : [this.#passwordCard(), leaveCard(server, logout)]));
    this.#facts = this.#about(out);
    this.node = element("div", { class: "stack" }, this.heading, this.#facts, own);
  }

  /** Read the brands. Rejects as calls do. */
  async open() {
    const server = this.#server;
    const [{ BrandCard }] = await Promise.all([later("host/brandcard"), load("brand")]);
    this.#brands = [new BrandCard(server, "/auth/me/brand/", "own")];
    if (server.admin) this.#brands.push(new BrandCard(server, "/brand/", "site"));
    await Promise.all(this.#brands.map((card) => card.open()));
    this.#facts.after(...this.#brands.map(({ node }) => node));
  }

  get dirty() {
    return this.#brands.some(({ dirty }) => dirty);
  }

  #about(out) {
    const { roles } = this.#server.me;
    const highest = ROLES.find((role) => roles.includes(role));
    const role = highest ? say(`users.role_${highest}`) : series(roles);
    const name = element("p", { class: "name", dir: "auto" }, nameOf(this.#server.me));
    const about = element("div", {}, name, element("p", { class: "faint" }, role));
    return element("section", { class: "card who" }, icon(PERSON), about, out);
  }

  #elsewhere() {
    const provider = block("provider");
    return provider && element("p", { class: "faint" }, say("provider.elsewhere", { name: provider.name }));
  }

  #passwordCard() {
    const inputs = {
      old: element("input", { name: "old", type: "password", autocomplete: "current-password" }),
      new: element("input", { name: "new", type: "password", autocomplete: "new-password" }),
    };
    const submit = element("button", { class: "main" }, say("users.change_password"));
    const form = element("form", { class: "stack", novalidate: true });
    form.append(field(say("users.old_password"), inputs.old));
    form.append(field(say("users.new_password"), inputs.new, { hint: say("users.password_hint") }));
    form.append(element("p", { class: "faint" }, say("users.password_note")));
    form.append(element("div", { class: "buttons" }, submit), this.#line);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      once(submit, () => this.#change(inputs, form));
    });
    return element("section", { class: "card" }, element("h2", {}, say("users.change_password")), form);
  }

  async #change(inputs, form) {
    announce(this.#line, "");
    try {
      await this.#server.call("POST", "/auth/password/", { old: inputs.old.value, new: inputs.new.value });
      for (const input of Object.values(inputs)) blame(input, "");
      form.reset();
      announce(this.#line, say("users.password_changed"));
    } catch (error) {
      if (error.code === "invalid_credentials") {
        blame(inputs.new, "");
        blame(inputs.old, say("users.old_wrong"));
        inputs.old.focus();
      } else announce(this.#line, blameAll(inputs, error), true);
    }
  }
}
