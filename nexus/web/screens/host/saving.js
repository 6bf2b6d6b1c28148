/** From the content of a poll's form to the calls that save it. */

import { adopt, fold } from "./texts.js";

const FEWEST = 2;

/** The fields of `after` whose values differ from those in `before`. */
export function differences(before, after) {
  const same = (name) => before[name] === after[name];
  return Object.fromEntries(Object.entries(after).filter(([name]) => !same(name)));
}

/** The calls that turn the options `before` (`{id, option_text}`, in order) into `after` (`{id, text}`, in order, `id`
 * null for a new one): `{method, path, body, option, place}`, to be made one after the other. An option that was
 * removed and typed again is the same option. */
export function optionCalls(poll, before, after) {
  const wanted = adopt(after, before).map((one, place) => ({ ...one, place }));
  const kept = new Set(wanted.map(({ id }) => id));
  const gone = before.filter(({ id }) => !kept.has(id));
  // Removals come early, to make room for new options, but never leave fewer than two.
  const early = gone.slice(0, Math.max(0, before.length - FEWEST));
  const late = gone.slice(early.length);
  const texts = new Map(before.map(({ id, option_text: text }) => [id, text]));
  const order = before.map(({ id }) => id).filter((id) => !early.some((one) => one.id === id));
  return [
    ...early.map(removal),
    ...renames(wanted, texts),
    ...placements(poll, wanted, order),
    ...late.map(removal),
  ];
}

function removal({ id, option_text: text }) {
  return { method: "DELETE", path: `/options/${id}/`, option: text, act: "remove" };
}

/** Renames, in such an order that no other option has the new text at that time, if there is one. */
function renames(wanted, texts) {
  const waiting = wanted.filter(({ id, text }) => id !== null && texts.get(id) !== text);
  const calls = [];
  while (waiting.length) {
    const taken = (one) => [...texts].some(([id, text]) => id !== one.id && fold(text) === fold(one.text));
    const next = waiting.find((one) => !taken(one)) ?? waiting[0];
    waiting.splice(waiting.indexOf(next), 1);
    const { id, text, place } = next;
    const body = { option_text: text };
    calls.push({ method: "PATCH", path: `/options/${id}/`, body, option: texts.get(id), place, act: "rename" });
    texts.set(id, text);
  }
  return calls;
}

/** Additions of new options, and as few moves as possible of those that are out of order. */
function placements(poll, wanted, order) {
  const steady = longestRun(wanted.map(({ id }) => order.indexOf(id)));
  const calls = [];
  let now = [...order];
  wanted.forEach(({ id, text, place }, at) => {
    if (steady.has(at)) return;
    const key = id ?? Symbol(text);
    now = now.filter((one) => one !== key);
    const position = at ? now.indexOf(wanted[at - 1].key ?? wanted[at - 1].id) + 1 : 0;
    now.splice(position, 0, key);
    wanted[at].key = key;
    const added = { method: "POST", path: `/polls/${poll}/options/`, body: { option_text: text, position }, place };
    calls.push(id === null ? added : { method: "PATCH", path: `/options/${id}/`, body: { position }, place });
  });
  return calls;
}

/** The places of the longest rising subsequence of `numbers`; negative ones are skipped. */
function longestRun(numbers) {
  const best = numbers.map((number) => ({ length: number < 0 ? 0 : 1, from: null }));
  numbers.forEach((number, at) => {
    for (let n = 0; n < at && number >= 0; n += 1) {
      if (numbers[n] >= 0 && numbers[n] < number && best[n].length + 1 > best[at].length) {
        best[at] = { length: best[n].length + 1, from: n };
      }
    }
  });
  const longest = Math.max(0, ...best.map(({ length }) => length));
  const run = new Set();
  let at = longest ? best.findIndex(({ length }) => length === longest) : null;
  while (at !== null) {
    run.add(at);
    at = best[at].from;
  }
  return run;
}
