/** What the link of an invitation opens: a password is chosen, and its reader is logged in. */

import { Refused, acceptInvitation, readInvitation } from "../../client.js";
import { element, fill, root, write } from "../dom.js";
import { field, keeping } from "../login.js";
import { brandMark, say } from "../words.js";
import { blameAll } from "./faults.js";
import { button, heading, once, timeNode } from "./parts.js";

/** The view of the invitation with this token; `entered(login)` is called at the login, `leave()` shows what is there
 * without it. */
export class InvitationView {
  #token;
  #entered;
  #leave;
  #place = element("div", { class: "card" });

  constructor(token, { entered, leave }) {
    this.#token = token;
    this.#entered = entered;
    this.#leave = leave;
    this.title = say("users.choose");
    this.heading = heading(say("users.choose"));
    const brand = element("p", { class: "brand" }, brandMark());
    this.node = element("div", { class: "access" }, brand, this.heading, this.#place);
  }

  /** The field in which somebody begins; null where there is nothing to fill in. */
  get first() {
    return this.#place.querySelector("[type=password]");
  }

  /** Ask whom it is for. Rejects with `Unreachable`. */
  async open() {
    try {
      fill(this.#place, this.#form(await readInvitation({ url: root, token: this.#token })));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#refuse();
    }
  }

  #form({ username, expires_at: until }) {
    const name = element("input", { name: "username", autocomplete: "username", readonly: true, value: username });
    const password = element("input", { name: "password", type: "password", autocomplete: "new-password" });
    const kept = keeping();
    const submit = element("button", { class: "main" }, say("users.choose_submit"));
    const said = element("p", { class: "fault", role: "alert" });
    const form = element("form", { class: "login", novalidate: true }, field(say("login.username"), name));
    form.append(field(say("users.new_password"), password, { hint: say("users.password_hint") }));
    form.append(element("p", { class: "faint" }, say("users.usable_until"), " ", timeNode(until)), kept.node, submit, said);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      once(submit, () => this.#accept(password, kept, said));
    });
    return form;
  }

  async #accept(password, kept, said) {
    write(said, "");
    const given = { token: this.#token, password: password.value };
    try {
      this.#entered(await acceptInvitation({ url: root, storage: kept.storage(), ...given }));
    } catch (error) {
      if (error.code === "invitation_not_found") this.#refuse();
      else write(said, blameAll({ password }, error));
    }
  }

  #refuse() {
    this.title = say("users.link_bad");
    write(this.heading, say("users.link_bad"));
    const other = button(say("login.heading"), this.#leave, "main");
    fill(this.#place, element("p", { role: "alert" }, say("users.link_bad_text")), element("div", { class: "buttons" }, other));
  }
}
