/** A run sheet as text: a question, its options on the lines below it, and a blank line before the next question. */

import { LONGEST, fold, isVisible, length } from "./texts.js";

/** The length limit of a question, in characters as the server counts them. */
export const LONGEST_QUESTION = 500;

/** The most questions of an event, and the fewest and most options of a question. */
export const MOST_QUESTIONS = 200;
export const FEWEST_OPTIONS = 2;
export const MOST_OPTIONS = 100;

const ENDS = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;
const NEVER = /[\0\ufeff\p{Cs}]/gu; // what no text of a poll may have, and the mark at the beginning of a file
const RULE = /^(?:[-=_*~#–—─━]\s*){3,}$/; // a line of dashes and the like: as blank
const HEADING = /^#{1,6}\s+/; // of Markdown
const BOLD = /^\*\*(\S(?:.*\S)?)\*\*$/;
const BULLET = /^(?:[-–—*+•‣◦▪●○·]\s*\[[ xX]?\]|\[[ xX]\]|[-–—*+•‣◦▪●○·☐☑☒□])\s+/;
const NUMBER = /^[([]?(\d{1,3})[.):\]]\s+/;
const LETTER = /^[([]?([A-Za-z])[.):\]]\s+/;
const ASKED = /^(?:Q|F|P|Question|Frage|Pregunta|Domanda|Vraag|Pytanie|Pergunta|Soru|Питання|سؤال)\s?(\d{1,3})\s*[.):]\s+/iu;

/** The questions in `text`, each `{question, options, line, lines}` with the numbers of the lines that they stand on. */
export function readSheet(text) {
  const rows = text.replace(NEVER, "").split(ENDS).map((row, n) => ({ text: row.trim(), line: n + 1 }));
  const blocks = joined(blocksOf(rows));
  const asked = unmarked(blocks.map(([first]) => first), [ASKED, NUMBER, BULLET]);
  return blocks.map(([, ...below], n) => {
    const options = unmarked(below, [NUMBER, LETTER, BULLET]);
    const question = plain(asked[n].text.replace(HEADING, ""));
    return { question, line: asked[n].line, options: options.map((one) => plain(one.text)), lines: options.map((one) => one.line) };
  });
}

/** What is wrong with these questions, of which an event has room for `room`: `{line, name, ...values}` in the order of
 * the lines. The names are those of the sentences. */
export function faultsOf(polls, room = MOST_QUESTIONS) {
  const many = polls.length > room ? [{ line: polls[room].line, name: "many", room, n: polls.length }] : [];
  return [...many, ...polls.flatMap(faultsOfPoll)].sort((one, other) => one.line - other.line);
}

/** The body of a call that makes a poll. */
export function bodyOf({ question, options }) {
  return { question, options: options.map((text) => ({ option_text: text })) };
}

/** What is wrong with one question. */
export function faultsOfPoll({ question, line, options, lines }) {
  const found = text(question, line, LONGEST_QUESTION);
  if (options.length === 0) found.push({ line, name: "none" });
  else if (options.length < FEWEST_OPTIONS) found.push({ line, name: "few" });
  else if (options.length > MOST_OPTIONS) found.push({ line, name: "options", most: MOST_OPTIONS, n: options.length });
  const seen = new Map();
  options.forEach((option, n) => {
    found.push(...text(option, lines[n], LONGEST));
    const folded = fold(option);
    if (folded && seen.has(folded)) found.push({ line: lines[n], name: "same", other: seen.get(folded) });
    else seen.set(folded, lines[n]);
  });
  return found;
}

function text(value, line, most) {
  return length(value) > most ? [{ line, name: "long", most, n: length(value) }] : [];
}

/** Runs of lines on which something can be seen. */
function blocksOf(rows) {
  const blocks = [];
  let block = null; // the one that goes on
  for (const row of rows) {
    if (!isVisible(row.text) || RULE.test(row.text)) block = null;
    else if (block) block.push(row);
    else blocks.push((block = [row]));
  }
  return blocks;
}

/** A list that follows a single line, as in Markdown: that line's options. */
function joined(blocks) {
  const made = [];
  for (const block of blocks) {
    const above = made[made.length - 1];
    const list = above?.length === 1 && !BULLET.test(above[0].text) && isList(block);
    if (list) above.push(...block);
    else made.push([...block]);
  }
  return made;
}

function isList(block) {
  return block.every(({ text: one }) => BULLET.test(one)) || (block.length > 1 && [NUMBER, LETTER].some((mark) => counts(block, mark)));
}

/** The rows without what marks them as a list, if all are marked alike: numbers and letters only where they count, and
 * where what is left can be told apart, as a text may begin with a number of its own ("1. place", "2. place"). */
function unmarked(rows, marks) {
  const mark = rows.length && marks.find((one) => (one === BULLET ? rows.every((row) => one.test(row.text)) : counts(rows, one)));
  const bare = mark ? rows.map((row) => ({ ...row, text: row.text.replace(mark, "") })) : rows;
  return mark !== BULLET && new Set(bare.map((row) => fold(row.text))).size < rows.length ? rows : bare;
}

function counts(rows, mark) {
  if (rows.length < 2) return false;
  const places = rows.map((row) => place(mark.exec(row.text)?.[1]));
  return places[0] !== null && places.every((one, n) => one === places[0] + n);
}

function place(mark) {
  if (mark === undefined) return null;
  return /\d/.test(mark) ? Number(mark) : mark.toLowerCase().charCodeAt(0);
}

function plain(value) {
  return value.replace(BOLD, "$1").trim();
}
