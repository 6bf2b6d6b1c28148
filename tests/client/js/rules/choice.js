/** What a voter may do, by the rules alone. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { choices, leaders, modeOf, mood, standing, standingChoice, toggled } from "../../../../nexus/web/screens/vote/choice.js";

const POLL = {
  id: 7,
  status: "open",
  max_choices: 1,
  votes_per_user: 1,
  allow_change: true,
  options: [
    { id: 2, option_text: "Second", position: 1 },
    { id: 1, option_text: "First", position: 0 },
    { id: 3, option_text: "Third", position: 2 },
  ],
};

function view({ poll = {}, totals = null, me = [], acts = [], picked = [], lost = [], ...how } = {}) {
  return choices({ poll: { ...POLL, ...poll }, totals, me, acts, picked: new Set(picked), lost: new Set(lost), ...how });
}

const ballot = (...options) => ({ op: String(options), options, cast_at: "" });
const vote = (...options) => ({ op: `new ${options}`, kind: "vote", poll: 7, options });
const retraction = { op: "r", kind: "retract", poll: 7 };
const said = (given, inTouch = true) => standing(view({ ...given, inTouch }))[0];

test("options come in their order, with counts only where totals have them", () => {
  assert.deepEqual(view().options.map(({ id, count }) => [id, count]), [[1, null], [2, null], [3, null]]);
  const options = [{ id: 1, votes_count: 0 }, { id: 2, votes_count: 5 }, { id: 3, votes_count: null }];
  const full = view({ totals: { status: "open", visibility: "full", options } });
  assert.deepEqual(full.options.map(({ count }) => count), [0, 5, null]);
  assert.equal(full.shown, true);
  assert.equal(view({ totals: { status: "open", visibility: "turnout", options } }).shown, false);
});

test("the way of choosing follows the poll", () => {
  assert.equal(modeOf(POLL), "tap");
  assert.equal(modeOf({ ...POLL, votes_per_user: 3 }), "several");
  assert.equal(modeOf({ ...POLL, max_choices: 2 }), "pick");
  assert.equal(modeOf({ ...POLL, max_choices: 2, votes_per_user: 3 }), "pick");
});

test("the newest status decides, not that of the definition", () => {
  const closed = { status: "closed", visibility: "full", options: [] };
  assert.deepEqual([view({ totals: closed }).open, view({ totals: closed }).mayVote], [false, false]);
  assert.equal(said({ totals: closed }), "vote.closed");
  assert.equal(said({ totals: closed, me: [ballot(1)] }), "vote.closed_voted");
});

test("a poll that an event shows before it opens is not called closed", () => {
  const draft = { poll: { status: "draft" }, totals: { status: "draft", visibility: "full", options: [] } };
  assert.deepEqual([said(draft), mood(view(draft)), view(draft).mayVote], ["follow.soon", "soon", false]);
});

test("nothing is called recorded while it is under way", () => {
  const sending = view({ acts: [vote(2)] });
  assert.deepEqual(sending.options.map(({ sending: n, standing: m }) => [n, m]), [[0, 0], [1, 0], [0, 0]]);
  assert.equal(said({ acts: [vote(2)] }), "vote.sending");
  assert.equal(said({ acts: [vote(2)] }, false), "vote.kept");
  assert.equal(said({ acts: [vote(2)], me: [ballot(1)] }), "vote.sending");
  assert.equal(said({ me: [ballot(2)] }), "vote.recorded_change");
  assert.equal(said({ me: [ballot(2)], poll: { allow_change: false } }), "vote.recorded");
});

test("one ballot that may not change is final, from its sending on", () => {
  const poll = { allow_change: false };
  assert.equal(view({ poll }).mayVote, true);
  assert.equal(view({ poll, acts: [vote(1)] }).mayVote, false);
  assert.equal(view({ poll, me: [ballot(1)] }).mayVote, false);
  assert.equal(view({ poll, me: [ballot(1)] }).mayRetract, false);
});

test("a ballot that may change can be replaced at any time, and withdrawn once it stands", () => {
  assert.equal(view({ acts: [vote(1)] }).mayVote, true);
  assert.equal(view({ me: [ballot(1)] }).mayRetract, true);
  assert.equal(view({ me: [ballot(1)], acts: [vote(2)] }).mayRetract, false);
  assert.equal(view({ me: [ballot(1)], acts: [retraction] }).mayVote, false);
});

test("several ballots are counted down, those under way too", () => {
  const poll = { votes_per_user: 3 };
  assert.equal(view({ poll }).ballotsLeft, 3);
  const used = view({ poll, me: [ballot(1)], acts: [vote(1)] });
  assert.deepEqual([used.ballotsLeft, used.mayVote], [1, true]);
  const first = { id: 1, text: "First", count: null, standing: 1, sending: 1, picked: false, state: "sending", leads: false };
  assert.deepEqual(used.options[0], first);
  const spent = view({ poll, me: [ballot(1), ballot(2), ballot(2)] });
  assert.deepEqual([spent.ballotsLeft, spent.mayVote], [0, false]);
  assert.deepEqual(standing(spent), ["vote.several_done", { n: 3 }]);
  const left = view({ poll, me: [ballot(1)] });
  assert.deepEqual(standing(left), ["vote.several_left", { n: 2, each: 3 }]);
});

test("several choices are picked up to their number, then sent", () => {
  assert.deepEqual([...toggled(new Set([1]), 2, 2)], [1, 2]);
  assert.equal(toggled(new Set([1, 2]), 3, 2), null);
  assert.deepEqual([...toggled(new Set([1, 2]), 1, 2)], [2]);
  const poll = { max_choices: 2 };
  assert.equal(view({ poll }).maySend, false);
  assert.equal(view({ poll, picked: [1] }).maySend, true);
  assert.equal(view({ poll, picked: [1], me: [ballot(2)], acts: [retraction] }).maySend, false);
});

test("a voter is told how many options can be chosen: no more than there are", () => {
  const told = (poll) => standing(view({ poll }));
  assert.deepEqual(told({ max_choices: 2 }), ["vote.pick", { most: 2 }]);
  assert.deepEqual(told({ max_choices: 9 }), ["vote.pick", { most: 3 }]);
  assert.deepEqual(told({ max_choices: 2, votes_per_user: 5 }), ["vote.several_pick", { n: 5, most: 2 }]);
});

test("who comes back finds what stands picked, where it is one ballot", () => {
  assert.deepEqual([...standingChoice(POLL, [ballot(1, 3)])], [1, 3]);
  assert.deepEqual([...standingChoice(POLL, [])], []);
  assert.deepEqual([...standingChoice({ ...POLL, votes_per_user: 2 }, [ballot(1)])], []);
});

test("once the client has ended nothing can be done, and the page says so", () => {
  const ended = choices({ poll: POLL, totals: null, me: [ballot(1)], acts: [], picked: new Set(), over: true });
  assert.deepEqual([ended.mayVote, ended.mayRetract], [false, false]);
  assert.equal(standing(ended)[0], "shared.link_expired");
});

test("a choice that was changed and not sent is not called recorded", () => {
  const poll = { ...POLL, max_choices: 2 };
  const given = { poll, totals: null, me: [ballot(1)], acts: [], picked: new Set([1, 2]) };
  assert.deepEqual(standing(choices({ ...given, unsent: true })), ["vote.unsent", { n: 2, most: 2 }]);
  assert.equal(mood(choices({ ...given, unsent: true })), "unsent");
  assert.equal(standing(choices(given))[0], "vote.recorded_change");
  assert.equal(standing(choices({ ...given, me: [], unsent: true }))[0], "vote.chosen");
});

test("how many are chosen is counted while they are", () => {
  const poll = { max_choices: 3 };
  const told = (picked) => standing(view({ poll, picked, unsent: true }));
  assert.deepEqual([told([]), told([1]), told([1, 3])], [
    ["vote.pick", { most: 3 }],
    ["vote.chosen", { n: 1, most: 3 }],
    ["vote.chosen", { n: 2, most: 3 }],
  ]);
  const next = view({ poll: { ...poll, votes_per_user: 2 }, me: [ballot(1)], picked: [2], unsent: true });
  assert.deepEqual(standing(next), ["vote.chosen", { n: 1, most: 3 }]);
});

test("recorded, kept and lost are three states of an option, and of the page", () => {
  const states = (given) => view(given).options.map(({ state }) => state);
  const change = { me: [ballot(1)], acts: [vote(2)] };
  assert.deepEqual(states(change), ["standing", "sending", "free"]);
  assert.deepEqual(states({ ...change, inTouch: false }), ["standing", "kept", "free"]);
  assert.deepEqual(states({ me: [ballot(1)], lost: [3] }), ["standing", "free", "lost"]);
  assert.equal(mood(view(change)), "sending");
  assert.equal(mood(view({ ...change, inTouch: false })), "kept");
  assert.equal(mood(view({ me: [ballot(1)] })), "standing");
  assert.equal(mood(view({ me: [ballot(1)], lost: [3] })), "lost");
  assert.equal(mood(view()), "free");
  assert.equal(mood(view({ totals: { status: "closed", visibility: "full", options: [] } })), "closed");
});

test("who leads is told where somebody does", () => {
  const led = (...counts) => [...leaders(new Map(counts.map((count, n) => [n, count])))];
  assert.deepEqual([led(1, 3, 2), led(2, 2, 1), led(2, 2), led(0, 0), led(null, null), led()], [[1], [0, 1], [], [], [], []]);
});
