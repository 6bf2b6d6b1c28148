/** The form for a poll's code. */

import { hasCodeShape, readCode } from "./pasted.js";
import { element, root, write } from "./dom.js";
import { say } from "./words.js";

const LONGEST = 2000; // a whole address may be pasted, even that of a screen link

/** A form that leads to the poll whose code is typed into it, on the page `at` of the service; at first it contains `typed`.
 * `go` is what its button says. */
export function codeForm(typed = "", at = "vote/", go = say("code.go")) {
  const input = element("input", {
    id: "code",
    name: "code",
    value: typed,
    maxlength: LONGEST,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    enterkeyhint: "go",
    "aria-describedby": "code-hint code-fault",
  });
  const fault = element("p", { id: "code-fault", class: "fault", role: "alert" });
  const enter = (event) => {
    event.preventDefault();
    const code = readCode(input.value);
    const right = hasCodeShape(code);
    write(fault, right ? "" : say(code ? "code.odd" : "code.missing"));
    if (right) location.assign(`${root}${at}${encodeURIComponent(code)}`);
    else input.focus();
  };
  return element(
    "form",
    { class: "code", novalidate: true, on: { submit: enter } },
    element("label", { for: "code" }, say("code.label")),
    input,
    element("p", { id: "code-hint", class: "faint" }, say("code.hint")),
    fault,
    element("button", { class: "main" }, go),
  );
}
