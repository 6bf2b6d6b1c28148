/** Options as texts: how lines become options, and which are duplicates. */

/** The length limit of an option, in characters as the server counts them. */
export const LONGEST = 255;

/** The length of a text, in characters as the server counts them. */
export function length(text) {
  return [...text.trim()].length;
}

// What has no shape of its own; the flags of England, Scotland and Wales end in characters that are invisible elsewhere.
const REGIONS = ["gbeng", "gbsct", "gbwls"].map((region) => [...region].map(tag).join("")).join("|");
const FLAGS = `\\u{1f3f4}(?:${REGIONS})\\u{e007f}`;
const CONTROLS = "[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\\ufff9-\\ufffb]";
const SHAPELESS = new RegExp(`(${FLAGS})|\\p{Default_Ignorable_Code_Point}|${CONTROLS}`, "gu");
const BLANKS = /[\s\x1c-\x1f\x85\u2800\u{1d159}]+/gu;

function tag(letter) {
  return String.fromCodePoint(0xe0000 + letter.codePointAt(0));
}

function shapes(text) {
  return text.replace(SHAPELESS, "$1");
}

/** Case folding: by upper case, which makes two letters of ß. Of ı it makes an i, which is another letter. */
function lower(text) {
  const cased = text.replace(/[^ı]+/gu, (part) => part.toLowerCase().toUpperCase().toLowerCase());
  return cased.replaceAll("ς", "σ").normalize("NFKC");
}

/** A text as it is compared: two that people could not tell apart have the same. The server follows the same rule
 * (nexus/domain/alike.py). */
export function fold(text) {
  const plain = shapes(text.normalize("NFKC")).normalize("NFKC");
  return shapes(lower(lower(plain))).replace(BLANKS, " ").trim();
}

/** Whether people can see anything of a text. */
export function isVisible(text) {
  return /[^\p{C}\p{Z}]/u.test(shapes(text).replace(BLANKS, ""));
}

/** The options in a pasted text: one per line, without empty lines. */
export function lines(text) {
  return text.split(/\r\n|\r|\n/).map((line) => line.trim()).filter(Boolean);
}

/** The places of duplicates: of all texts that repeat an earlier one, or one of `others`. */
export function doubles(texts, others = []) {
  const seen = new Set(others.map(fold));
  return texts.map((text, place) => [fold(text), place]).filter(([folded]) => {
    const again = folded !== "" && seen.has(folded);
    seen.add(folded);
    return again;
  }).map(([, place]) => place);
}

/** For each text the id of the option in `known` (`{id, text}`) that it is, or null: the same text comes first, then one
 * that is compared as the same; each option once. */
export function identify(texts, known) {
  const ids = texts.map(() => null);
  for (const key of [(text) => text, fold]) {
    const free = new Map(known.filter(({ id }) => !ids.includes(id)).map(({ id, text }) => [key(text), id]));
    texts.forEach((text, place) => {
      ids[place] ??= free.get(key(text)) ?? null;
      if (free.get(key(text)) === ids[place]) free.delete(key(text));
    });
  }
  return ids;
}

/** `values` (`{id, text}`), in which a new one (`id` null) has the id of the option in `options` (`{id, option_text}`)
 * that it is, if no other value has that. */
export function adopt(values, options) {
  const held = new Set(values.map(({ id }) => id));
  const free = options.filter(({ id }) => !held.has(id)).map(({ id, option_text: text }) => ({ id, text }));
  const added = values.filter(({ id }) => id === null);
  const ids = identify(added.map(({ text }) => text), free);
  const found = new Map(added.map((one, n) => [one, ids[n]]));
  return values.map((one) => ({ ...one, id: one.id ?? found.get(one) }));
}
