/** Who is ahead, in which order options stand, and which chart a poll can have. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { ahead, arrangement, byVotes, chartOf, leaders } from "../../../../nexus/web/screens/chart/standing.js";

const options = (number) => Array.from({ length: number }, (_, n) => ({ id: 100 - n, position: n }));
const totals = (counts) => ({ options: counts.map((votes_count, n) => ({ id: 100 - n, votes_count })) });
const ids = (list) => list.map(({ id }) => 100 - id);

test("those with most votes lead; nobody does without votes, or while counts are hidden", () => {
  assert.deepEqual([...leaders(totals([2, 5, 5, 0]))], [99, 98]);
  assert.equal(leaders(totals([0, 0])).size, 0);
  assert.equal(leaders(totals([null, null])).size, 0);
});

test("up to three who are equal are marked, and none where everybody is", () => {
  assert.equal(ahead(totals([5, 5, 5, 0])).size, 3);
  assert.equal(ahead(totals([5, 5, 5, 5, 0])).size, 0);
  assert.equal(ahead(totals([5, 5])).size, 0);
});

test("options with as many votes keep the order of the poll", () => {
  assert.deepEqual(ids(byVotes(options(4), totals([1, 3, 1, 3]))), [1, 3, 0, 2]);
});

test("of many options those with most votes are shown, and while counts are hidden nothing tells which these are", () => {
  const poll = { options: options(13), option_order: "votes" };
  const counts = totals([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
  const shown = (given) => arrangement(poll, counts, { hold: false, all: false, most: 12, ...given });
  assert.deepEqual([ids(shown().shown), shown().more], [[12, 11, 10, 9, 8, 7, 6, 5, 4, 3], 3]);
  assert.deepEqual([ids(shown({ all: true }).shown).at(0), shown({ all: true }).more], [12, 0]);
  assert.deepEqual(ids(shown({ hold: true }).shown), options(13).map((_, n) => n));
});

test("a few options stand in the order that the host chose", () => {
  const counts = totals([1, 3]);
  const given = { hold: false, all: false, most: 12 };
  for (const [order, expected] of [["position", [0, 1]], ["votes", [1, 0]]]) {
    assert.deepEqual(ids(arrangement({ options: options(2), option_order: order }, counts, given).shown), expected);
  }
});

test("a chart that could not be read is bars", () => {
  const poll = (chart, number, choices = 1) => ({ chart, options: options(number), max_choices: choices });
  assert.equal(chartOf(poll("donut", 8)), "donut");
  assert.equal(chartOf(poll("donut", 9)), "bars");
  assert.equal(chartOf(poll("donut", 3, 2)), "bars");
  assert.equal(chartOf(poll("columns", 8, 2)), "columns");
  assert.equal(chartOf(poll("columns", 9)), "bars");
});
