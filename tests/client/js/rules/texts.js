/** Which options people could not tell apart; the table is the server's too (tests/domain/test_alike.py). */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { optionCalls } from "../../../../nexus/web/screens/host/saving.js";
import { adopt, doubles, fold, identify, isVisible } from "../../../../nexus/web/screens/host/texts.js";

const table = JSON.parse(readFileSync(new URL("../../../domain/alike.json", import.meta.url), "utf-8"));

test("what people cannot tell apart is the same, and nothing else", () => {
  for (const [one, other] of table.alike) assert.equal(fold(one), fold(other), JSON.stringify([one, other]));
  for (const [one, other] of table.different) assert.notEqual(fold(one), fold(other), JSON.stringify([one, other]));
});

test("nothing of an invisible text is seen", () => {
  assert.deepEqual(table.visible.filter((text) => !isVisible(text)), []);
  assert.deepEqual(table.invisible.filter((text) => isVisible(text)), []);
});

test("a text that repeats another is a duplicate, wherever that is", () => {
  assert.deepEqual(doubles(["Yes", "No", "ye\u200bs", "", ""]), [2]);
  assert.deepEqual(doubles(["Yes", "No"], ["\uff39es"]), [0]);
});

test("lines are the options that they are, each once, the same text before one that looks the same", () => {
  const known = [{ id: 1, text: "A" }, { id: 2, text: "a\u200b" }, { id: 3, text: "B" }];
  assert.deepEqual(identify(["a\u200b", "A", "C", "b"], known), [2, 1, null, 3]);
  assert.deepEqual(identify(["a", "A"], known), [2, 1]);
  assert.deepEqual(identify(["a", "a", "a"], known), [2, null, null]);
  const options = known.map(({ id, text }) => ({ id, option_text: text }));
  assert.deepEqual(adopt([{ id: null, text: "a" }, { id: 2, text: "x" }], options).map(({ id }) => id), [1, 2]);
});

test("options of former times that look the same are saved as they are", () => {
  const before = [{ id: 1, option_text: "A" }, { id: 2, option_text: "A\u200b" }];
  const after = [{ id: 1, text: "A" }, { id: 2, text: "A\u200b" }, { id: null, text: "B" }];
  assert.deepEqual(optionCalls(7, before, after).map(({ method }) => method), ["POST"]);
});
