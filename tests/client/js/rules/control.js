/** Live control: where Next and Back lead, and what somebody else has done. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { revealed, steps } from "../../../../nexus/web/screens/host/cue.js";
import { Others } from "../../../../nexus/web/screens/host/others.js";

const polls = [7, 8, 9].map((id) => ({ id, question: `${id}?`, status: "draft" }));
const led = (shown, last = null, sheet = polls) =>
  Object.values(steps({ polls: sheet, shown }, last)).map(({ poll, why }) => (why ? why.replace("control.", "") : (poll?.id ?? null)));

test("Next and Back follow the run sheet, and show nothing past its ends", () => {
  assert.deepEqual([led(7), led(8), led(9)], [[8, null], [9, 7], [null, 8]]);
});

test("where nothing is shown they go on from what was shown last", () => {
  assert.deepEqual([led(null), led(null, 7), led(null, 8)], [[7, "why_start"], [8, 7], [9, 8]]);
  assert.deepEqual([led(null, 9), led(null, 99)], [["why_end", 9], [7, "why_start"]]);
  assert.deepEqual(led(null, null, []), ["why_empty", "why_empty"]);
});

test("results are seen by all, or by some alone", () => {
  const seen = (results) => [revealed(results, "open"), revealed(results, "closed")];
  assert.deepEqual(["live", "after_vote", "after_close", "host"].map(seen), [
    [true, true],
    [false, false],
    [false, true],
    [false, false],
  ]);
});

const state = (more = {}) => ({ shown: 7, status: "open", results: "live", end: null, ...more });
const others = (first = state()) => new Others(first);
const heard = (watch, next, now = 0) => watch.take(next, now)?.replace("control.", "") ?? null;

test("what somebody else does is told, whatever it is", () => {
  const watch = others();
  assert.deepEqual(heard(watch, state()), null);
  assert.equal(heard(watch, state({ status: "closed" })), "other_closed");
  assert.equal(heard(watch, state()), "other_open");
  assert.equal(heard(watch, state({ results: "host" })), "other_results");
  assert.equal(heard(watch, state({ results: "host", end: 9 })), "other_end");
  assert.equal(heard(watch, state({ shown: 8 })), "other_shown");
  assert.equal(heard(watch, state({ shown: null, status: undefined, results: undefined })), "other_nothing");
});

test("what was done here is not, and once it is seen the same by another is", () => {
  const watch = others();
  watch.did({ status: "closed", end: null });
  assert.equal(heard(watch, state({ status: "closed" })), null);
  assert.equal(heard(watch, state()), "other_open");
  assert.equal(heard(watch, state({ status: "closed" })), "other_closed");
  watch.did({ shown: 8 });
  assert.equal(heard(watch, state({ shown: 8, status: "draft" })), null);
  watch.did({ status: "open", end: 30_000 });
  assert.equal(heard(watch, state({ shown: 8 })), null);
  assert.equal(heard(watch, state({ shown: 8, end: 30_000 })), null);
  watch.did({ status: "open", end: 60_000 }); // it was open: only the end is new
  assert.equal(heard(watch, state({ shown: 8, end: 60_000 })), null);
  assert.equal(heard(watch, state({ shown: 8, end: 60_000, status: "closed" })), "other_closed");
  assert.equal(heard(watch, state({ shown: 8, end: 60_000 })), "other_open");
});

test("an end that has come is nobody's act", () => {
  assert.equal(heard(others(state({ end: 10_000 })), state({ end: 10_000, status: "closed" }), 9_500), "time_up");
  assert.equal(heard(others(state({ end: 10_000 })), state({ end: 10_000, status: "closed" }), 5_000), "other_closed");
});
