/** The rule for a poll's code, the same as on the server (nexus/domain/codes.py). */

// Cyrillic and Greek capitals that look like a letter of the alphabet, which alone they can mean in a code.
const LOOKALIKES = "АВСЕНЈКМРЅТУХΑΒΕΗΚΜΝΡΤΥΧΖ";
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
