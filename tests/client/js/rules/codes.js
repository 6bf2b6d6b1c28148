/** How a code is read; the table is the server's too (tests/domain/test_codes.py). */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { normalizeCode } from "../../../../nexus/web/client/code.js";
import { hasCodeShape, readCode } from "../../../../nexus/web/screens/pasted.js";

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
