/** What becomes of the votes when a text changes that people have voted for: the host is asked. */

import { say } from "../words.js";
import { ask, choose } from "./dialog.js";

/** Ask about the new text of an option with votes; resolves to `correction`, `discard_votes`, or null for neither. In a
 * `closed` poll its spelling can be corrected, and no votes discarded. */
export function askAboutOption(option, closed) {
  const title = say("host.correct_title", { option });
  const correct = { name: "correction", label: say("host.correct_act"), kind: "main" };
  if (closed) return choose({ title, text: [say("host.correct_closed"), say("host.correct_text")], acts: [correct] });
  const discard = { name: "discard_votes", label: say("host.discard_its_act"), kind: "danger" };
  const text = [say("host.correct_text"), say("host.correct_else")];
  return choose({ title, text, acts: [correct, discard] });
}

/** Ask whether the question of a poll with votes is only corrected. */
export function askAboutQuestion() {
  const text = [say("host.correct_question_text"), say("host.correct_question_else")];
  return ask({ title: say("host.correct_question"), text, act: say("host.correct_question_act"), danger: false });
}

/** Ask whether an option is to be removed with its votes. */
export function askAboutRemoval(option) {
  const text = [say("host.discard_text"), say("host.discard_final")];
  return ask({ title: say("host.discard_title_remove", { option }), text, act: say("host.discard_act") });
}
