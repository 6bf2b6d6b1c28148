/** Options as texts: how lines become options, and which are alike. */

/** The longest option, in characters as the server counts them. */
export const LONGEST = 255;

/** How long a text is, in characters as the server counts them. */
export function length(text) {
  return [...text.trim()].length;
}

/** A text as it is compared. Upper case first: that makes two letters of ß, as case-folding does. */
export function fold(text) {
  return text.trim().toUpperCase().toLowerCase();
}

/** The options in a pasted text: one a line, without empty lines. */
export function lines(text) {
  return text.split(/\r\n|\r|\n/).map((line) => line.trim()).filter(Boolean);
}

/** The texts that are there more than once: those that come again, by their places. */
export function doubles(texts) {
  const seen = new Set();
  return texts.map((text, place) => [fold(text), place]).filter(([folded]) => {
    const again = folded !== "" && seen.has(folded);
    seen.add(folded);
    return again;
  }).map(([, place]) => place);
}
