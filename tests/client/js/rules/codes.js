/** How a code is read; the table is the server's too (tests/domain/test_codes.py). */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { normalizeCode } from "../../../../nexus/web/client/code.js";

const table = JSON.parse(readFileSync(new URL("../../../domain/codes.json", import.meta.url), "utf-8"));

test("a code is read as people type it", () => {
  assert.ok(table.length);
  for (const [typed, kept] of table) assert.equal(normalizeCode(typed), kept, JSON.stringify(typed));
});
