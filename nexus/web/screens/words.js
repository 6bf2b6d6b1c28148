/** What the screens say, in the language of the page. The page itself contains the sentences. */

import { element, root } from "./dom.js";

const sentences = { ...block("words"), ...block("more") };
const loaded = new Set();

/** The language of the page, such as `en`. */
export const language = document.documentElement.lang;

/** What numbers and dates are written in: the page's language, in any with the digits of codes and addresses. */
export const locale = `${language}-u-nu-latn`;

// What runs against the page's direction, or may do: in a sentence it is isolated (Unicode Annex 9, "FSI").
const TURNED = document.documentElement.dir === "rtl" ? /./ : /[\u0590-\u08ff\ufb1d-\ufefc]/;

const plurals = new Intl.PluralRules(locale);
const plainNumber = new Intl.NumberFormat(locale);

// The page's menu of languages. Its module is loaded when it is used: few people use it, and once.
document.getElementById("language")?.addEventListener("change", async ({ target }) => {
  (await import(`./${"language"}.js`)).choose(target.value);
});

/** The JSON in the page's block `id`; null if there is no such block. */
export function block(id) {
  const held = document.getElementById(id);
  return held && JSON.parse(held.textContent);
}

/** The look of the operator or the poll's host: `{name, accent, stage, logo, light, dark}`; null where none is set. */
export const look = block("brand");

/** What they call themselves, else the name of this software. */
export const brandName = look?.name || sentences["shared.brand"];

/** The logo of a look, or the name where there is none. */
export function brandMark(worn = look, name = worn?.name || brandName) {
  if (!worn?.logo) return element("bdi", {}, name);
  const { url, width, height } = worn.logo;
  return element("img", { class: "logo", src: new URL(url, root), width, height, alt: name });
}

/** The sentence of this name, such as `vote.recorded`, with `values` in place of their names; `n` selects the plural
 * form. Throws RangeError for an unknown name. */
export function say(name, values = {}) {
  const found = sentences[name];
  if (found === undefined) throw new RangeError(`there is no sentence ${name}`);
  const text = typeof found === "string" ? found : (found[plurals.select(values.n)] ?? found.other);
  return text.replace(/\{(\w+)\}/g, (_, key) => shown(key === "brand" ? brandName : values[key]));
}

/** Load the sentences of a section that the page does not contain: those of views that few people see. Rejects with
 * TypeError if they can't be loaded. */
export async function load(section) {
  if (loaded.has(section)) return;
  const answer = await fetch(new URL(`../words/${language}/${section}.json`, import.meta.url));
  if (!answer.ok) throw new TypeError(`the sentences ${section} were answered with ${answer.status}`);
  Object.assign(sentences, await answer.json());
  loaded.add(section);
}

/** Whether there is a sentence of this name. */
export function known(name) {
  return Object.prototype.hasOwnProperty.call(sentences, name);
}

/** A whole number, with separators. */
export function number(n) {
  return plainNumber.format(n);
}

/** A moment (ms since 1970): the time of day, with the date unless it is the day of `now`. */
export function moment(ms, now = Date.now()) {
  const at = new Date(ms);
  const today = at.toDateString() === new Date(now).toDateString();
  return at.toLocaleString(locale, today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}

/** A refusal in words for people: our own for its code, else the server's. */
export function reason(error) {
  const name = [`shared.refused_${error.code}`, `vote.refused_${error.code}`].find(known);
  return name ? say(name) : (error.detail ?? error.message);
}

/** Texts in a row, as a sentence has them: `a, b and c`. */
export function series(texts) {
  return new Intl.ListFormat(locale).format(texts);
}

function shown(value) {
  if (typeof value === "number") return number(value);
  return TURNED.test(value) ? `\u2068${value}\u2069` : String(value);
}
