/** Polls to begin with: their options, in the page's language. */

import { number, say } from "../words.js";

const RATES = 11; // from 0 to 10

/** Each with its `name` and its `options` as texts. */
export function templates() {
  return [
    { name: "yes_no", options: texts("yes", "no") },
    { name: "abstain", options: texts("yes", "no", "abstention") },
    { name: "agree", options: texts("agree_1", "agree_2", "agree_3", "agree_4", "agree_5") },
    { name: "letters", options: ["A", "B", "C", "D"] },
    { name: "scale", options: Array.from({ length: RATES }, (_, n) => number(n)) },
  ];
}

/** The template of this name; undefined if there is none. */
export function templateOf(name) {
  return templates().find((one) => one.name === name);
}

function texts(...names) {
  return names.map((name) => say(`hosting.option_${name}`));
}
