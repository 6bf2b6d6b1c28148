/** Options as texts: how lines become options, and which are duplicates. */

/** The length limit of an option, in characters as the server counts them. */
export const LONGEST = 255;

/** The length of a text, in characters as the server counts them. */
export function length(text) {
  return [...text.trim()].length;
}

/** A text as it is compared. Upper case comes first because it turns ß into two letters, as case folding does. */
export function fold(text) {
  return text.trim().toUpperCase().toLowerCase();
}

/** The options in a pasted text: one per line, without empty lines. */
export function lines(text) {
  return text.split(/\r\n|\r|\n/).map((line) => line.trim()).filter(Boolean);
}

/** The places of duplicates: of all texts that repeat an earlier one. */
export function doubles(texts) {
  const seen = new Set();
  return texts.map((text, place) => [fold(text), place]).filter(([folded]) => {
    const again = folded !== "" && seen.has(folded);
    seen.add(folded);
    return again;
  }).map(([, place]) => place);
}
