/** A field for the account that is to do something in an event, by its name. */

import { element } from "../dom.js";
import { blame, field } from "../login.js";
import { say } from "../words.js";
import { rule, told } from "./faults.js";

// By the code of a refusal, or by what it says of the field.
const FAULTS = {
  user_not_found: "event.host_unknown",
  account_disabled: "event.host_disabled",
  too_many_hosts: "event.host_many",
  "is the owner": "event.host_owner",
};

/** The field with its `label`, and a `hint` where there is one: `{input, node}`. */
export function nameField(id, label, hint) {
  const input = element("input", { name: "username", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  input.addEventListener("input", () => blame(input, ""));
  return { input, node: field(label, input, { id, hint }) };
}

/** The name in `input`; null where none is given, which is then said there. */
export function given(input) {
  const name = input.value.trim();
  blame(input, name ? "" : say("event.host_missing"));
  if (!name) input.focus();
  return name || null;
}

/** Say at `input` what is wrong with its name. */
export function refuse(input, error) {
  const broken = error.errors?.[0];
  const name = FAULTS[error.code] ?? FAULTS[broken?.message];
  blame(input, name ? say(name) : broken ? rule(broken.message) : told(error));
  input.select();
}
