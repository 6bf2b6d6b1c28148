/** Who is ahead, in which order options are shown, and what tells them apart: a colour of tokens.css and, since colour
 * alone is none to many people, a letter. Pure: it works on what a totals frame says. */

const COLOURS = 8;
const LETTERS = 26;

/** The options of a poll in the order of their positions. */
export function byPosition(options) {
  return [...options].sort((a, b) => a.position - b.position || a.id - b.id);
}

/** The ids of the options that have most votes, as a set; empty while nobody has voted or counts are hidden. */
export function leaders(totals) {
  const most = Math.max(0, ...totals.options.map(({ votes_count: count }) => count ?? 0));
  return new Set(totals.options.filter(({ votes_count: count }) => most && count === most).map(({ id }) => id));
}

/** Those of them who are marked as ahead: nobody, where all or many have as many votes. */
export function ahead(totals) {
  const first = leaders(totals);
  return first.size <= MOST_AHEAD && first.size < totals.options.length ? first : new Set();
}

/** `options` with the most votes first; those with as many keep their order. */
export function byVotes(options, totals) {
  const counts = new Map(totals.options.map(({ id, votes_count: count }) => [id, count ?? 0]));
  return byPosition(options).sort((a, b) => (counts.get(b.id) ?? 0) - (counts.get(a.id) ?? 0));
}

/** What a chart shows, in order: `{shown, more}`, where `more` is the number of options beyond the `most` with most
 * votes. While the counts are hidden, or with `all`, everything is shown. */
export function arrangement(poll, totals, { hold, all, most }) {
  const many = !hold && !all && poll.options.length > most;
  const ranked = !hold && (many || poll.option_order === "votes");
  const order = ranked ? byVotes(poll.options, totals) : byPosition(poll.options);
  const shown = many ? order.slice(0, TOP) : order;
  return { shown, more: order.length - shown.length };
}

const MOST_AHEAD = 3;

/** How many of many options are shown. */
export const TOP = 10;

/** The chart that a poll can have: its own, or bars where that could not be read. A donut is of one whole, so each
 * ballot must name one option. */
export function chartOf(poll) {
  const { chart = "bars", options, max_choices: choices } = poll;
  if (options.length > MOST_IN_SHAPES) return "bars";
  return chart === "donut" && choices > 1 ? "bars" : chart;
}

// More columns have no room for their texts, and more slices no room for their letters.
const MOST_IN_SHAPES = 8;

/** The colour of the option at this place, from 0, for a style property; after eight they begin again. */
export function nthColour(place) {
  return `var(--option-${(place % COLOURS) + 1})`;
}

/** The letter of the option at this place, from 0: A to Z, then numbers. */
export function nthLetter(place) {
  return place < LETTERS ? String.fromCharCode(65 + place) : String(place + 1);
}
