/** The form for a poll's code. */

import { normalizeCode } from "../client/code.js";
import { element, framed, root, write } from "./dom.js";
import { asTyped, hasCodeShape, isPairingCode, readCode } from "./pasted.js";
import { reason, say } from "./words.js";

const LONGEST = 2000; // a whole address may be pasted, even that of a screen link
const PAIRING = "pairing"; // few people need this module: it is loaded with the first pairing code

/** A form that leads to the poll whose code is typed into it, on the page `at` of the service; at first it contains `typed`,
 * and says `wrong` of it. */
export function codeForm(typed = "", at = "vote/", wrong = "") {
  const input = element("input", {
    id: "code",
    name: "code",
    value: asTyped(typed),
    maxlength: LONGEST,
    autocomplete: "off",
    autocapitalize: "characters",
    spellcheck: "false",
    enterkeyhint: "go",
    "aria-describedby": "code-hint code-fault",
    dir: "ltr",
  });
  let before = input.value;
  input.addEventListener("input", (event) => {
    if (!event.isComposing) tidy(input, before);
    before = input.value;
  });
  const fault = element("p", { id: "code-fault", class: "fault", role: "alert" });
  const stage = at === "live/" && !framed;
  const blame = (why) => {
    write(fault, why);
    input.setAttribute("aria-invalid", String(Boolean(why)));
    if (!why) return;
    input.focus();
    input.select();
  };
  const enter = async (event) => {
    event.preventDefault();
    const whole = normalizeCode(input.value);
    if (stage && isPairingCode(whole)) return blame(await present(whole));
    const code = readCode(input.value);
    const right = hasCodeShape(code);
    blame(right ? "" : say(code ? "code.odd" : "code.missing"));
    if (right) location.assign(`${root}${at}${encodeURIComponent(code)}`);
  };
  if (wrong) queueMicrotask(() => blame(wrong)); // once it is in the page
  return element(
    "form",
    { class: "code", novalidate: true, on: { submit: enter } },
    element("label", { for: "code" }, say("code.label")),
    input,
    element("p", { id: "code-hint", class: "faint" }, say(stage ? "code.stage_hint" : "code.hint")),
    fault,
    element("button", { class: "main" }, say(at === "live/" ? "code.show" : "code.go")),
  );
}

/** Show what is typed as a code looks, with the caret after the same character; `before` is what was shown. */
function tidy(input, before) {
  const shown = asTyped(input.value, before);
  if (shown === input.value) return;
  const place = signs(input.value.slice(0, input.selectionStart));
  input.value = shown;
  let caret = 0;
  while (signs(shown.slice(0, caret)) < place) caret += 1;
  input.setSelectionRange(caret, caret);
}

const signs = (text) => text.replace(/[\s-]/g, "").length;

/** Use a pairing code up and go to the stage of its poll; returns what went wrong, else "". */
async function present(code) {
  try {
    const { usePairing } = await import(`./${PAIRING}.js`);
    const { code: poll, token, kept } = await usePairing(code);
    location.assign(`${root}live/${poll}${kept ? "" : `#token=${token}`}`);
    return "";
  } catch (error) {
    if (error.code === "pairing_not_found") return say("code.pairing_gone");
    if (error.code) return reason(error);
    if (error instanceof TypeError || error.name === "Unreachable") return say("shared.unreachable");
    throw error;
  }
}
