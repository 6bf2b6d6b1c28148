/** The rule for a poll's code, the same as on the server (nexus/domain/codes.py). */

// Cyrillic and Greek capitals that look like a letter of the alphabet, which alone they can mean in a code.
const LOOKALIKES = "\u0410\u0412\u0421\u0415\u041d\u0408\u041a\u041c\u0420\u0405\u0422\u0423\u0425" +
  "\u0391\u0392\u0395\u0397\u039a\u039c\u039d\u03a1\u03a4\u03a5\u03a7\u0396";
const MEANT = "ABCEHJKMPSTYXABEHKMNPTYXZ";
const DIGIT = /^\p{Nd}$/u;

/** A code as it is kept, from what somebody typed: whatever its case, width and script; only letters and digits count. */
export const normalizeCode = (text) =>
  text.normalize("NFKC").toUpperCase().replace(/[^\p{L}\p{N}]/gu, "").replace(/[^A-Z0-9]/gu, plain);

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
