/** A field for the account that is to do something in an event, by its name. */

import { byId, element } from "../dom.js";
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

/** Say at `input` what is wrong with its name, and what `me`, who typed it, can do where no account has it. */
export function refuse(input, error, me) {
  const broken = error.errors?.[0];
  const name = FAULTS[error.code] ?? FAULTS[broken?.message];
  blame(input, name ? say(name) : broken ? rule(broken.message) : told(error));
  if (error.code === "user_not_found") help(input, me.roles.includes("admin"));
  input.select();
}

/** An administrator is led to the invitation of whom `input` names; others are told whom to ask. */
function help(input, invites) {
  const fault = byId(`${input.id}-fault`);
  const name = input.value.trim();
  if (!invites) return fault.append(" ", say("event.host_ask"));
  const link = element("a", { href: `#/accounts?invite=${encodeURIComponent(name)}`, dir: "auto" }, say("event.host_invite", { name }));
  link.addEventListener("click", () => {
    input.value = ""; // it goes along: nothing is lost by leaving
    input.closest("dialog")?.close();
  });
  fault.append(" ", link);
}
