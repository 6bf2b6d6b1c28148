/** The form for a poll's code. */

import { normalizeCode } from "../client/code.js";
import { element, write } from "./dom.js";
import { say } from "./words.js";

/** A form that leads to the poll whose code is typed into it, on the page `at`; at first it contains `typed`. */
export function codeForm(typed = "", at = "/vote/") {
  const input = element("input", {
    id: "code",
    name: "code",
    value: typed,
    maxlength: 40,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    enterkeyhint: "go",
    "aria-describedby": "code-hint code-fault",
  });
  const fault = element("p", { id: "code-fault", class: "fault", role: "alert" });
  const go = (event) => {
    event.preventDefault();
    const code = normalizeCode(input.value);
    write(fault, code ? "" : say("enter.missing"));
    if (code) location.assign(`${at}${encodeURIComponent(code)}`);
    else input.focus();
  };
  return element(
    "form",
    { class: "code", novalidate: true, on: { submit: go } },
    element("label", { for: "code" }, say("enter.code")),
    input,
    element("p", { id: "code-hint", class: "faint" }, say("enter.hint")),
    fault,
    element("button", { class: "main" }, say("enter.go")),
  );
}
