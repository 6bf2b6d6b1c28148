/** How a text becomes a run sheet, and what is found wrong with it. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { faultsOf, readSheet } from "../../../../nexus/web/screens/host/readsheet.js";

const short = (text) => readSheet(text).map(({ question, options }) => [question, ...options]);
const faults = (text, room) => faultsOf(readSheet(text), room).map(({ line, name }) => [line, name]);
const SHOW = [["Tea or coffee?", "Tea", "Coffee"], ["How was it?", "Good", "Bad", "Neither"]];

const ALIKE = {
  plain: "Tea or coffee?\nTea\nCoffee\n\nHow was it?\nGood\nBad\nNeither",
  "blank lines of invisible characters": "Tea or coffee?\nTea\nCoffee\n\u200b\nHow was it?\nGood\nBad\nNeither\n\u2800",
  "Windows, with spaces and a mark at the beginning":
    "\ufeff\r\n  Tea or coffee?  \r\n\tTea\u00a0\r\nCoffee \r\n \t\r\n\r\nHow was it?\r\nGood\r\nBad\r\nNeither\r\n\r\n",
  "old line ends": "Tea or coffee?\rTea\rCoffee\r\rHow was it?\rGood\rBad\rNeither",
  bullets: "Tea or coffee?\n- Tea\n- Coffee\n\nHow was it?\n• Good\n* Bad\n– Neither",
  boxes: "Tea or coffee?\n[ ] Tea\n[x] Coffee\n\nHow was it?\n- [ ] Good\n☐ Bad\n☑ Neither",
  numbers: "1. Tea or coffee?\n1) Tea\n2) Coffee\n\n2. How was it?\n1. Good\n2. Bad\n3. Neither",
  letters: "Q1: Tea or coffee?\na) Tea\nb) Coffee\n\nQ2: How was it?\n(A) Good\n(B) Bad\n(C) Neither",
  "a list of its own, as in Markdown":
    "# Tea or coffee?\n\n- Tea\n- Coffee\n\n## **How was it?**\n\n1. **Good**\n2. Bad\n3. Neither",
  rules: "---\nTea or coffee?\nTea\nCoffee\n-----\nHow was it?\nGood\nBad\nNeither\n* * *\n",
  "numbers that go on": "7) Tea or coffee?\nTea\nCoffee\n\n8) How was it?\nGood\nBad\nNeither",
};

test("what people paste is the run sheet that they mean", () => {
  for (const [name, text] of Object.entries(ALIKE)) assert.deepEqual(short(text), SHOW, name);
});

test("what is part of a text stays", () => {
  const own = [
    ["1. Mai frei?", "-5", "+3", "007"],
    ["Which?", "1. place", "2. place", "3. place"],
    ["Which?", "1. FC Union", "Hertha"],
    ["Which?", "- none", "Hertha"],
    ["#1 hit?", "#1", "# 2"],
    ["Which file?", "__init__", "a) b"],
    ["C. elegans?", "B. subtilis", "E. coli"],
  ];
  for (const poll of own) assert.deepEqual(short(poll.join("\n")), [poll]);
});

test("nothing is no run sheet", () => {
  for (const text of ["", " \n\t\r\n", "\ufeff", "---\n\n***"]) assert.deepEqual(readSheet(text), []);
});

test("each fault is told with its line", () => {
  assert.deepEqual(faults(ALIKE.plain), []);
  assert.deepEqual(faults("Only a question"), [[1, "none"]]);
  assert.deepEqual(faults("\n\nWell?\nYes\n\nWell?\nYes\nNo"), [[3, "few"]]);
  assert.deepEqual(faults("Well?\nYes\nNo\n yes \nＮｏ\u200b"), [[4, "same"], [5, "same"]]);
  assert.deepEqual(faults(`Well?\n${"x".repeat(255)}\n${"y".repeat(256)}\n${"🙂".repeat(255)}`), [[3, "long"]]);
  assert.deepEqual(faults(`${"x".repeat(501)}\nYes\nNo`), [[1, "long"]]);
  assert.deepEqual(faults(["Well?", ...Array(101).keys()].join("\n")), [[1, "options"]]);
  assert.deepEqual(faults(["Well?", ...Array(100).keys()].join("\n")), []);
});

test("an event has room for 200 questions, less those that it has", () => {
  const many = Array.from({ length: 201 }, (_, n) => `${n}?\nYes\nNo`).join("\n\n");
  assert.deepEqual(faults(many), [[801, "many"]]);
  assert.deepEqual(faults(many.split("\n\n").slice(0, 200).join("\n\n")), []);
  assert.deepEqual(faults("1?\nYes\nNo\n\n2?\nYes\nNo", 1), [[5, "many"]]);
});

test("a repeated option names the line that it repeats", () => {
  assert.deepEqual(faultsOf(readSheet("Well?\nYes\nNo\nNO")), [{ line: 4, name: "same", other: 3 }]);
});

test("a text of any size is read at once", () => {
  const text = `${"- ".repeat(200_000)}\n${"1. ".repeat(100_000)}\n${"-".repeat(200_000)}x\n${"\n".repeat(200_000)}`;
  assert.equal(readSheet(text).length, 1);
});
