/** Logging in, for hosts and for voters with an account. A login ends with its tab, or is kept on the device for all
 * tabs if the person says so. */

import { Refused, lasts, login } from "../client.js";
import { element, fill, root, set, write } from "./dom.js";
import { block, reason, say } from "./words.js";

/** The module of what an OpenID provider adds, where there is one: loaded only then, hence a template; else null. */
export const provider = block("provider") && import(`./${"provider"}.js`);

/** A field of a form with its label, and a place for its error; `input` is the field itself. */
export function field(label, input, { hint, id = input.name } = {}) {
  const fault = element("p", { id: `${id}-fault`, class: "fault", hidden: true });
  const note = hint && element("p", { id: `${id}-hint`, class: "hint" }, hint);
  set(input, "id", id);
  set(input, "aria-describedby", [note?.id, fault.id].filter(Boolean).join(" "));
  return element("div", { class: "field" }, element("label", { for: id }, label), note, input, fault);
}

/** Show the error of a field that `field` made; an empty text removes it. */
export function blame(input, text) {
  const fault = document.getElementById(`${input.id}-fault`);
  write(fault, text);
  fault.hidden = !text;
  set(input, "aria-invalid", text ? "true" : null);
}

/** Whether a login is to be kept on this device: `node` for a form, and `storage()`, for `login`. Where the browser
 * stores nothing it says so instead of asking. */
export function keeping() {
  if (!lasts("tab")) return { node: element("p", { class: "note warn" }, say("login.fleeting")), storage: () => "tab" };
  const box = element("input", { type: "checkbox", name: "keep" });
  const hint = element("p", { id: "keep-hint", class: "hint" }, say("login.keep_hint"));
  set(box, "aria-describedby", hint.id);
  const node = element("div", { class: "field" }, element("label", { class: "switch" }, box, say("login.keep")), hint);
  return { node, storage: () => (box.checked ? "device" : "tab") };
}

/** A form for logging in. `entered(session)` is called once the server has accepted the login. */
export function loginForm(entered) {
  const username = element("input", { name: "username", autocomplete: "username", spellcheck: "false" });
  username.autocapitalize = "none";
  const password = element("input", { name: "password", type: "password", autocomplete: "current-password" });
  const submit = element("button", { class: "main" }, say("login.submit"));
  const said = element("p", { class: "fault", role: "alert" });
  const form = element("form", { class: "login", novalidate: true }, field(say("login.username"), username));
  const kept = keeping();
  form.append(field(say("login.password"), password), said, kept.node, submit);
  provider?.then(({ providerLink }) => form.append(...providerLink(kept)));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!submit.disabled) attempt({ username, password, kept, submit, said, entered });
  });
  return form;
}

async function attempt({ username, password, kept, submit, said, entered }) {
  const mark = (wrong) => [username, password].forEach((one) => set(one, "aria-invalid", wrong(one) ? "true" : null));
  mark(({ value }) => !value);
  if (!username.value || !password.value) {
    write(said, say("login.missing"));
    (username.value ? password : username).focus();
    return;
  }
  write(said, "");
  submit.disabled = true;
  fill(submit, say("login.submitting"));
  try {
    const given = { username: username.value, password: password.value };
    entered(await login({ url: root, storage: kept.storage(), ...given }));
  } catch (error) {
    write(said, error instanceof Refused || error.code ? reason(error) : say("shared.unreachable"));
    mark(() => error.code === "invalid_credentials");
    password.select();
  } finally {
    submit.disabled = false;
    fill(submit, say("login.submit"));
  }
}
