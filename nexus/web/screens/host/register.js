/** The form that creates an account. */

import { login, register } from "../../client.js";
import { element, root, write } from "../dom.js";
import { blame, field, keeping } from "../login.js";
import { say } from "../words.js";
import { blameAll } from "./faults.js";
import { once } from "./parts.js";

const PLAIN = { spellcheck: "false" };

/** The form; `entered(session)` is called once there is an account, and a login of it. */
export function registerForm(entered) {
  const inputs = {
    username: element("input", { name: "username", autocomplete: "username", autocapitalize: "none", ...PLAIN }),
    password: element("input", { name: "password", type: "password", autocomplete: "new-password" }),
    email: element("input", { name: "email", type: "email", autocomplete: "email" }),
  };
  const kept = keeping();
  const submit = element("button", { class: "main" }, say("users.register_submit"));
  const said = element("p", { class: "fault", role: "alert" });
  const form = element("form", { class: "login", novalidate: true }, field(say("login.username"), inputs.username));
  form.append(field(say("login.password"), inputs.password, { hint: say("users.password_hint") }));
  form.append(field(say("users.email"), inputs.email, { hint: say("users.email_hint") }), kept.node, submit, said);
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
      blame(inputs.username, say("host.username_taken"));
      inputs.username.focus();
    } else write(said, blameAll(inputs, error));
  }
}
