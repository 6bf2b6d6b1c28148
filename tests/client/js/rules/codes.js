/** How a code is read; the table is the server's too (tests/domain/test_codes.py). */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { normalizeCode } from "../../../../nexus/web/client/code.js";
import { asTyped, hasCodeShape, readCode } from "../../../../nexus/web/screens/pasted.js";

const table = JSON.parse(readFileSync(new URL("../../../domain/codes.json", import.meta.url), "utf-8"));

test("a code is read as people type it", () => {
  assert.ok(table.kept.length);
  for (const [typed, kept] of table.kept) assert.equal(normalizeCode(typed), kept, JSON.stringify(typed));
});

test("a code is read from what people paste", () => {
  assert.ok(table.read.length);
  for (const [typed, kept] of [...table.kept, ...table.read]) assert.equal(readCode(typed), kept, JSON.stringify(typed));
});

test("what no server makes has no code's shape", () => {
  for (const code of ["", "K7M2Q", "K7M2QPA", "K7M2Q0", "KLM2QP", "k7m2qp", "K7M2QP\n"]) assert.ok(!hasCodeShape(code), code);
  for (const code of ["K7M2QP", "K7M2QPAB23"]) assert.ok(hasCodeShape(code), code);
});

test("a code looks right as it is typed, and any other text stays", () => {
  const shown = {
    k: "K", k7m: "K7M", "k7m ": "K7M", k7m2: "K7M 2", "K7M 2qp": "K7M 2QP", "k7m-2qp": "K7M 2QP",
    k7m2qpa: "K7M2 QPA", k7m2qpab23: "K7M2Q PAB23", "K7M2Q PAB23": "K7M2Q PAB23", "": "",
  };
  for (const [typed, looks] of Object.entries(shown)) assert.equal(asTyped(typed), looks, typed);
  assert.equal(asTyped("7M 2QP", "K7M 2QP"), "7M2 QP");
  assert.equal(asTyped("7M 2QP"), "7M 2QP");
  for (const text of ["https://votes.example/vote/k7m2qp", "join at k7m2qp", "my code", "k7m2qpab234", "к7m2qp", "<b>"]) {
    assert.equal(asTyped(text), text);
  }
});
