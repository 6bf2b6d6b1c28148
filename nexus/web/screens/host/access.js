/** Before a login: logging in, or creating an account first. */

import { element, fill, write } from "../dom.js";
import { loginForm } from "../login.js";
import { block, brandMark, say } from "../words.js";
import { told } from "./faults.js";
import { button, heading } from "./parts.js";

/** The view without a login; `note` says why it is shown, `entered(session)` is called at a login, `later(name)` loads a
 * module. It begins with the form that creates an account if it `registers`. */
export class AccessView {
  #entered;
  #later;
  #said;
  #place = element("div", { class: "card" });

  constructor(note, { entered, later, registers = false }) {
    this.#entered = entered;
    this.#later = later;
    this.title = say("login.heading");
    this.heading = heading(say("login.heading"));
    this.#said = element("p", { class: "note warn", role: "status", hidden: !note }, note);
    const brand = element("p", { class: "brand" }, brandMark());
    this.node = element("div", { class: "access" }, brand, this.heading, this.#said, this.#place);
    this.#login();
    if (registers && !closed()) this.#registration();
  }

  /** The field in which somebody begins. */
  get first() {
    return this.#place.querySelector("input");
  }

  #login() {
    write(this.heading, say("login.heading"));
    const register = () => this.#registration();
    const other = closed() ? say("login.by_invitation") : button(say("login.to_register"), register, "plain");
    fill(this.#place, loginForm(this.#entered), element("p", { class: "other" }, other));
  }

  async #registration() {
    let form;
    try {
      form = (await this.#later("register")).registerForm(this.#entered);
    } catch (error) {
      write(this.#said, told(error));
      this.#said.hidden = false;
      return;
    }
    write(this.heading, say("users.register_heading"));
    const other = button(say("users.to_login"), () => {
      this.#login();
      this.first.focus();
    }, "plain");
    fill(this.#place, form, element("p", { class: "other" }, other));
    this.first.focus();
  }
}

/** Whether strangers can't create accounts. */
function closed() {
  return block("registration") === "closed";
}
