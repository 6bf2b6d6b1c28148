/** Polls to begin with: their options in the page's language, and settings that suit them. */

import { number, say } from "../words.js";

const RATES = 11; // from 0 to 10

/** Each with its `name`, its `options` as texts, and the `fields` in which it differs from a new poll. */
export function templates() {
  return [
    { name: "yes_no", options: texts("yes", "no"), fields: {} },
    { name: "abstain", options: texts("yes", "no", "abstention"), fields: {} },
    { name: "agree", options: texts("agree_1", "agree_2", "agree_3", "agree_4", "agree_5"), fields: {} },
    { name: "letters", options: ["A", "B", "C", "D"], fields: {} },
    { name: "scale", options: Array.from({ length: RATES }, (_, n) => number(n)), fields: { chart: "columns" } },
  ];
}

/** The template of this name; undefined if there is none. */
export function templateOf(name) {
  return templates().find((one) => one.name === name);
}

function texts(...names) {
  return names.map((name) => say(`hosting.option_${name}`));
}
