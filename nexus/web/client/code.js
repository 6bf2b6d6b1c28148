/** The rules for a poll's code, the same as on the server (nexus/domain/codes.py). */

// Cyrillic and Greek capitals that look like a letter of the alphabet, which alone they can mean in a code.
const LOOKALIKES = "\u0410\u0412\u0421\u0415\u041d\u0408\u041a\u041c\u0420\u0405\u0422\u0423\u0425" +
  "\u0391\u0392\u0395\u0397\u039a\u039c\u039d\u03a1\u03a4\u03a5\u03a7\u0396";
const MEANT = "ABCEHJKMPSTYXABEHKMNPTYXZ";
const SHAPE = /^[2-9A-HJKMNP-Z]{6}(?:[2-9A-HJKMNP-Z]{4})?$/;
const DIGIT = /^\p{Nd}$/u;

/** A code as it is kept, from what somebody typed: whatever its case, width and script; only letters and digits count. */
export const normalizeCode = (text) =>
  text.normalize("NFKC").toUpperCase().replace(/[^\p{L}\p{N}]/gu, "").replace(/[^A-Z0-9]/gu, plain);

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

/** The last part of an address' path that can be a code; the first part is the host. */
function ofAddress(address) {
  const path = address.split(/[?#]/, 1)[0].split("://").at(-1);
  return path.split("/").slice(1).map((part) => normalizeCode(part.replace(/%[0-9A-F]{2}/gi, " "))).findLast(hasCodeShape);
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

/** A letter or digit of another script: what it means in a code, else itself. */
function plain(letter) {
  if (DIGIT.test(letter)) return String(digit(letter.codePointAt(0)));
  return MEANT[LOOKALIKES.indexOf(letter)] ?? letter;
}

/** The value of a decimal digit of any script: each has its ten in a row, beginning with 0. */
function digit(point) {
  let value = 0;
  while (DIGIT.test(String.fromCodePoint(point - value - 1))) value += 1;
  return value % 10;
}
