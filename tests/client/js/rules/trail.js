/** What a voter is told of votes in questions that their event has left. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Trail } from "../../../../nexus/web/screens/vote/trail.js";

const CLOSED = { code: "poll_closed" };
const vote = (op, more = {}) => ({ op, kind: "vote", poll: 7, options: [1], ...more });
const retraction = (op) => ({ op, kind: "retract", poll: 7 });
const told = (trail) => trail.news.map(({ name, question }) => `${name} ${question}`);

/** A trail that has left the question `A?` of poll 7. */
function left(given) {
  const trail = new Trail();
  trail.leave({ poll: 7, question: "A?", ...given });
  return trail;
}

test("a question that is left with nothing under way has no news", () => {
  const trail = left({ stood: true });
  assert.deepEqual(told(trail), []);
  trail.answered(vote("late, of nobody knows what"), CLOSED);
  assert.deepEqual(told(trail), []);
});

test("a vote under way is said to be sent, and then what became of it", () => {
  for (const [error, name] of [[null, "counts"], [CLOSED, "late"], [{ code: "forbidden" }, "lost"]]) {
    const trail = left({ acts: [vote("a")] });
    assert.deepEqual(told(trail), ["sending A?"]);
    trail.answered(vote("a"), error);
    assert.deepEqual(told(trail), [`${name} A?`]);
    assert.equal(trail.news[0].error, error);
  }
});

test("a change that comes too late leaves the ballot that stood", () => {
  const trail = left({ acts: [vote("b")], stood: true });
  trail.answered(vote("b"), CLOSED);
  assert.deepEqual(told(trail), ["late_change A?"]);
  const both = left({ acts: [vote("a"), vote("b")] });
  both.answered(vote("a"), null);
  assert.deepEqual(told(both), ["sending A?"]); // the change is still under way
  both.answered(vote("b"), CLOSED);
  assert.deepEqual(told(both), ["late_change A?"]);
});

test("a withdrawal is one if it came in time, else the ballot counts", () => {
  for (const [error, name] of [[null, "withdrawn"], [CLOSED, "counts"]]) {
    const trail = left({ acts: [retraction("r")], stood: true });
    trail.answered(retraction("r"), error);
    assert.deepEqual(told(trail), [`${name} A?`]);
  }
});

test("of several ballots the worst is told, whatever the order of answers", () => {
  const many = { many: true };
  const trail = left({ acts: [vote("a", many), vote("b", many), vote("c", many)] });
  trail.answered(vote("b", many), CLOSED);
  assert.deepEqual(told(trail), ["late A?"]);
  trail.answered(vote("a", many), null);
  trail.answered(vote("c", many), null);
  assert.deepEqual(told(trail), ["late A?"]);
  const good = left({ acts: [vote("a", many), vote("b", many)], stood: true });
  good.answered(vote("b", many), null);
  assert.deepEqual(told(good), ["sending A?"]);
  good.answered(vote("a", many), null);
  assert.deepEqual(told(good), ["counts A?"]);
});

test("an answer that nobody can have read is told again", () => {
  assert.deepEqual(told(left({ settled: [{ act: vote("a"), error: CLOSED }] })), ["late A?"]);
  assert.deepEqual(told(left({ settled: [{ act: vote("a"), error: null }], acts: [vote("b")] })), ["sending A?"]);
});

test("a choice that was never sent is said to be none, beside what was sent", () => {
  assert.deepEqual(told(left({ unsent: true })), ["unsent A?"]);
  const trail = left({ unsent: true, acts: [vote("a")] });
  trail.answered(vote("a"), null);
  assert.deepEqual(told(trail), ["counts A?", "unsent A?"]);
});

test("with the next move what is settled is over, and what is under way stays", () => {
  const trail = left({ acts: [vote("a")] });
  trail.leave({ poll: 8, question: "B?", acts: [{ ...vote("b"), poll: 8 }] });
  assert.deepEqual(told(trail), ["sending A?", "sending B?"]);
  trail.answered({ ...vote("b"), poll: 8 }, null);
  trail.leave({ poll: 9, question: "C?" });
  assert.deepEqual(told(trail), ["sending A?"]);
  trail.answered(vote("a"), CLOSED);
  assert.deepEqual(told(trail), ["late A?"]);
  trail.leave({});
  assert.deepEqual(told(trail), []);
});

test("what an earlier page has left in several questions is told of all of them", () => {
  const trail = new Trail();
  trail.recall({ poll: 7, question: "A?", settled: [{ act: vote("a"), error: CLOSED }] });
  trail.recall({ poll: 8, question: "B?", acts: [{ ...vote("b"), poll: 8 }] });
  trail.recall({ poll: 9, question: "C?" });
  assert.deepEqual(told(trail), ["late A?", "sending B?"]);
});
