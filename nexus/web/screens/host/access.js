/** Before a login: logging in, or creating an account first. */

import { login, register } from "../../client.js";
import { element, fill, root, write } from "../dom.js";
import { blame, field, keeping, loginForm } from "../login.js";
import { block, say } from "../words.js";
import { blameAll } from "./faults.js";
import { button, heading, once } from "./parts.js";

/** The view without a login; `note` says why it is shown, `entered(session)` is called at a login. It begins with the
 * form that creates an account if it `registers`. */
export class AccessView {
  #entered;
  #place = element("div", { class: "card" });

  constructor(note, entered, registers = false) {
    this.#entered = entered;
    this.title = say("login.heading");
    this.heading = heading(say("login.heading"));
    const said = element("p", { class: "note warn", role: "status", hidden: !note }, note);
    const brand = element("p", { class: "brand" }, say("shared.brand"));
    this.node = element("div", { class: "access" }, brand, this.heading, said, this.#place);
    if (registers && !closed()) this.#registration();
    else this.#login();
  }

  #login() {
    write(this.heading, say("login.heading"));
    const register = () => this.#registration();
    const other = closed() ? say("login.by_invitation") : button(say("login.to_register"), register, "plain");
    fill(this.#place, loginForm(this.#entered), element("p", { class: "other" }, other));
  }

  #registration() {
    write(this.heading, say("host.register_heading"));
    const other = button(say("host.to_login"), () => {
      this.#login();
      this.heading.focus();
    }, "plain");
    fill(this.#place, registerForm(this.#entered), element("p", { class: "other" }, other));
    this.heading.focus();
  }
}

/** Whether strangers can't create accounts. */
function closed() {
  return block("registration") === "closed";
}

const PLAIN = { spellcheck: "false" };

function registerForm(entered) {
  const inputs = {
    username: element("input", { name: "username", autocomplete: "username", autocapitalize: "none", ...PLAIN }),
    password: element("input", { name: "password", type: "password", autocomplete: "new-password" }),
    email: element("input", { name: "email", type: "email", autocomplete: "email" }),
  };
  const kept = keeping();
  const submit = element("button", { class: "main" }, say("host.register_submit"));
  const said = element("p", { class: "fault", role: "alert" });
  const form = element("form", { class: "login", novalidate: true }, field(say("login.username"), inputs.username));
  form.append(field(say("login.password"), inputs.password, { hint: say("host.password_hint") }));
  form.append(field(say("host.email"), inputs.email, { hint: say("host.email_hint") }), kept.node, submit, said);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(submit, () => attempt(inputs, kept, said, entered));
  });
  return form;
}

async function attempt(inputs, kept, said, entered) {
  write(said, "");
  const given = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value]));
  if (!given.email.trim()) delete given.email;
  const where = { url: root, storage: kept.storage() };
  try {
    await register({ ...where, ...given });
    entered(await login({ ...where, username: given.username, password: given.password }));
  } catch (error) {
    for (const input of Object.values(inputs)) blame(input, "");
    if (error.code === "username_taken") {
      blame(inputs.username, say("shared.refused_username_taken"));
      inputs.username.focus();
    } else write(said, blameAll(inputs, error));
  }
}
