/** What tells options apart: a colour of tokens.css and, since colour alone is none to many people, a letter. */

const COLOURS = 8;
const LETTERS = 26;

/** The colour of the option at this place, from 0, for a style property; after eight they begin again. */
export function nthColour(place) {
  return `var(--option-${(place % COLOURS) + 1})`;
}

/** The letter of the option at this place, from 0: A to Z, then numbers. */
export function nthLetter(place) {
  return place < LETTERS ? String.fromCharCode(65 + place) : String(place + 1);
}
