/** How an account is deleted: what becomes of its polls, and the card with which people delete their own. */

import { element } from "../dom.js";
import { blame, field } from "../login.js";
import { say } from "../words.js";
import { ask } from "./dialog.js";
import { blameAll, told } from "./faults.js";
import { announce, once, statusLine } from "./parts.js";

/** A field for the account that gets the polls; an empty one means that they are deleted. */
export function heirField(id) {
  const input = element("input", { name: "to", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
  return { input, node: field(say("users.heir"), input, { id, hint: say("users.heir_hint") }) };
}

/** The query of a deletion whose polls go to `heir`. */
export function query(heir) {
  return heir ? `?${new URLSearchParams({ to: heir })}` : "";
}

/** What is wrong with the account that was to get the polls, in words; an empty text if `error` is about something
 * else. */
export function heirFault(error) {
  if (error.errors?.some(({ field: name }) => name === "to")) return say("users.heir_same");
  if (error.code === "user_not_found") return say("users.heir_unknown");
  return error.code === "account_disabled" ? say("users.heir_disabled") : "";
}

/** A card with which people delete their own account; `left(note)` is called once it is gone. */
export function leaveCard(server, left) {
  const password = element("input", { name: "leave", type: "password", autocomplete: "current-password" });
  const heir = heirField("leave-to");
  const submit = element("button", { class: "danger" }, say("users.leave"));
  const line = statusLine();
  const form = element("form", { class: "stack", novalidate: true }, element("p", {}, say("users.leave_text")));
  form.append(field(say("login.password"), password), heir.node);
  form.append(element("div", { class: "buttons" }, submit), line);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    once(submit, () => leave({ server, left, password, heir: heir.input, line }));
  });
  return element("section", { class: "card" }, element("h2", {}, say("users.leave_heading")), form);
}

async function leave({ server, left, password, heir, line }) {
  announce(line, "");
  for (const input of [password, heir]) blame(input, "");
  if (!password.value) {
    blame(password, say("users.leave_password"));
    password.focus();
    return;
  }
  const to = heir.value.trim();
  const polls = to ? say("users.leave_handed", { name: to }) : say("users.leave_deleted");
  const text = [polls, say("users.no_way_back")];
  if (!(await ask({ title: say("users.leave_title"), text, act: say("users.delete_act") }))) return;
  try {
    await server.call("DELETE", `/auth/me/${query(to)}`, { password: password.value });
  } catch (error) {
    fail(error, { password, heir, line });
    return;
  }
  password.value = "";
  await left(say("users.left"));
}

function fail(error, { password, heir, line }) {
  const fault = heirFault(error);
  if (fault) {
    blame(heir, fault);
    heir.focus();
  } else if (error.code === "invalid_credentials") {
    blame(password, say("users.old_wrong"));
    password.select();
  } else announce(line, error.errors ? blameAll({ password }, error) : told(error), true);
}
