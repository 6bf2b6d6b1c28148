/** What the screens say, in the language of the page. The page itself contains the sentences. */

const sentences = block("words") ?? {};

/** The language of the page, such as `en`. */
export const language = document.documentElement.lang;

const plurals = new Intl.PluralRules(language);
const plainNumber = new Intl.NumberFormat(language);
const SHARE = /^([<>]?)(\d+)$/;
const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 });

/** The JSON in the page's block `id`; null if there is no such block. */
export function block(id) {
  const held = document.getElementById(id);
  return held && JSON.parse(held.textContent);
}

/** The sentence of this name, such as `vote.recorded`, with `values` in place of their names; `n` selects the plural
 * form. Throws RangeError for an unknown name. */
export function say(name, values = {}) {
  const found = sentences[name];
  if (found === undefined) throw new RangeError(`there is no sentence ${name}`);
  const text = typeof found === "string" ? found : (found[plurals.select(values.n)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (_, key) => shown(values[key]));
}

/** Whether there is a sentence of this name. */
export function known(name) {
  return Object.hasOwn(sentences, name);
}

/** A whole number, with separators. */
export function number(n) {
  return plainNumber.format(n);
}

/** The shares of `counts` among `total` ballots in whole percents, in the same order, as texts: `33`, `<1` where 0 would
 * hide votes, `>99` where 100 would hide those of others. If each ballot names one option, they add to 100
 * (docs/screens.md, "Shares"). */
export function shares(counts, total) {
  if (!total) return counts.map(() => "0");
  const named = counts.reduce((sum, count) => sum + count, 0);
  const whole = named === total ? apportioned(counts, total) : counts.map((count) => rounded(count, total));
  return whole.map((share, n) => {
    if (share === 0 && counts[n] > 0) return "<1";
    return share === 100 && counts[n] < total ? ">99" : String(share);
  });
}

/** The shares that a totals frame shows, by the ids of its options; empty while counts are hidden. */
export function sharesById({ options, total_votes: total }) {
  if (options.some(({ votes_count: count }) => count === null)) return new Map();
  const texts = shares(options.map(({ votes_count: count }) => count), total);
  return new Map(options.map(({ id }, n) => [id, texts[n]]));
}

/** By largest remainder: each is rounded down, and what is missing to 100 goes to those that lost most; among equals, to
 * the first. */
function apportioned(counts, total) {
  const whole = counts.map((count) => Math.floor((100 * count) / total));
  const missing = 100 - whole.reduce((sum, share) => sum + share, 0);
  const lost = (n) => (100 * counts[n]) % total;
  const order = [...counts.keys()].sort((a, b) => lost(b) - lost(a) || a - b);
  for (const n of order.slice(0, missing)) whole[n] += 1;
  return whole;
}

/** Halves are rounded up; in whole numbers, since 0.285 is no exact number to a computer. */
function rounded(count, total) {
  return Math.floor((200 * count + total) / (2 * total));
}

/** A share of `shares` in the language of the page: `33%`, `<1%`; in German `33 %`, with a narrow space that does not
 * break. */
export function percent(text) {
  const [, sign, whole] = SHARE.exec(text);
  return sign + inPercent(whole);
}

/** The same as it is read aloud: screen readers leave out `<` and `>`. */
export function spokenPercent(text) {
  const [, sign, whole] = SHARE.exec(text);
  const shown = inPercent(whole);
  return sign ? say(sign === "<" ? "shared.share_below" : "shared.share_above", { share: shown }) : shown;
}

function inPercent(whole) {
  return share.format(whole / 100).replace("\u00a0", "\u202f");
}

/** A moment (ms since 1970): the time of day, with the date unless it is the day of `now`. */
export function moment(ms, now = Date.now()) {
  const at = new Date(ms);
  const today = at.toDateString() === new Date(now).toDateString();
  return at.toLocaleString(language, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

/** A refusal in words for people: our own for its code, else the server's. */
export function reason(error) {
  const name = `shared.refused_${error.code}`;
  return known(name) ? say(name) : (error.detail ?? error.message);
}

function shown(value) {
  return typeof value === "number" ? number(value) : String(value);
}
