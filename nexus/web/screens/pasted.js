/** The rule for a code in what people paste, the same as on the server (nexus/domain/codes.py). */

import { normalizeCode } from "../client/code.js";

const SHAPE = /^[2-9A-HJKMNP-Z]{6}(?:[2-9A-HJKMNP-Z]{4})?$/;

const PAIRING = /^[2-9A-HJKMNP-Z]{8}$/;

/** Whether a normalized code can be one that pairs a screen and is typed: no poll's code has as many characters. */
export const isPairingCode = (code) => PAIRING.test(code);

/** Whether a normalized code can be one that the server has made. */
export const hasCodeShape = (code) => SHAPE.test(code);

/** The code in what somebody entered: the code alone, a whole address that leads to it, or a sentence around either.
 * Where none or more than one can be meant, all of the text, normalized. */
export function readCode(text) {
  const whole = normalizeCode(text);
  if (hasCodeShape(whole)) return whole;
  const words = text.normalize("NFKC").split(/\s+/);
  const addressed = words.filter((word) => word.includes("/")).map(ofAddress).filter(Boolean);
  const meant = new Set(addressed.length ? addressed : ofSentence(words));
  return meant.size === 1 ? [...meant][0] : whole;
}

const GROUPED = [[6, 3], [8, 4], [10, 5]]; // codes of up to so many characters are shown in parts of so many
const LENGTHS = GROUPED.map(([, part]) => part);

/** How a code looks as it is typed, as far as it has come: in capitals, in two parts. `before` is what was shown last: its
 * space is no part of the text. Any other text stays as it is, such as an address or a sentence that somebody pastes. */
export function asTyped(text, before = "") {
  const parts = text.trim().split(/[\s-]+/);
  const code = parts.join("").toUpperCase();
  const [, part] = GROUPED.find(([most]) => code.length <= most) ?? [];
  const ours = LENGTHS.includes(parts[0].length) || before.includes(" ");
  const isCode = /^[A-Z0-9]+$/.test(code) && (parts.length < 2 || (parts.length === 2 && ours));
  return part && isCode ? [code.slice(0, part), code.slice(part)].filter(Boolean).join(" ") : text;
}

/** The last part of an address' path that can be a code; the first part is the host. */
function ofAddress(address) {
  const path = address.split(/[?#]/, 1)[0].split("://").pop();
  const parts = path.split("/").slice(1).map((part) => normalizeCode(part.replace(/%[0-9A-F]{2}/gi, " ")));
  return parts.reverse().find(hasCodeShape);
}

/** What can be a code in a sentence: first words written as a code is, with a digit or in capitals; then any words of
 * its shape; then two halves. */
function ofSentence(words) {
  const shaped = words.filter((word) => hasCodeShape(normalizeCode(word)));
  const written = shaped.filter((word) => hasDigit(normalizeCode(word)) || word === word.toUpperCase());
  if (shaped.length) return (written.length ? written : shaped).map(normalizeCode);
  const parts = words.map(normalizeCode).filter(Boolean);
  const halves = parts.slice(1).map((part, n) => (parts[n].length === part.length ? parts[n] + part : ""));
  return halves.filter((code) => hasCodeShape(code) && hasDigit(code));
}

const hasDigit = (code) => /\d/.test(code);
