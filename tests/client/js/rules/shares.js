/** Shares as the screens show them; the table is the Python client's too (tests/client/test_shares.py). */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const sentences = { "shared.share_below": "weniger als {share}", "shared.share_above": "mehr als {share}" };
const words = { textContent: JSON.stringify(sentences) };
globalThis.document = { documentElement: { lang: "de" }, getElementById: (id) => (id === "words" ? words : null) };
const { percent, shares, sharesById, spokenPercent } = await import("../../../../nexus/web/screens/bar.js");

const table = JSON.parse(readFileSync(new URL("../../../domain/shares.json", import.meta.url), "utf-8"));

test("shares are those of the table", () => {
  assert.ok(table.length);
  for (const [name, counts, total, shown] of table) assert.deepEqual(shares(counts, total), shown, name);
});

test("a frame's shares go by the ids of its options, and there are none while counts are hidden", () => {
  const options = [{ id: 9, votes_count: 1 }, { id: 4, votes_count: 2 }];
  assert.deepEqual([...sharesById({ options, total_votes: 3 })], [[9, "33"], [4, "67"]]);
  assert.equal(sharesById({ options: [{ id: 9, votes_count: null }], total_votes: 3 }).size, 0);
});

test("a share is written as the language does, and read aloud without signs", () => {
  assert.deepEqual(["33", "0", "100"].map(percent), ["33\u202f%", "0\u202f%", "100\u202f%"]);
  assert.deepEqual(["<1", ">99"].map(percent), ["<1\u202f%", ">99\u202f%"]);
  assert.deepEqual(["<1", ">99", "33"].map(spokenPercent), ["weniger als 1\u202f%", "mehr als 99\u202f%", "33\u202f%"]);
});
