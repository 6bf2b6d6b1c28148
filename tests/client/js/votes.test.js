import assert from "node:assert/strict";
import { test } from "node:test";

import { Busy, MemoryStorage, Refused, Unsettled } from "../../../nexus/web/client.js";
import { Wires, call, counts, makePoll, meet, rank, soon, stateOf, token, totalsOf, when } from "./harness.js";

const UUID_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ids = (poll) => poll.options.map(({ id }) => id);

test("a room is joined by id and by code, and is one", async () => {
  const poll = await makePoll();
  const client = await meet("user:7");
  const [room, same] = await soon(Promise.all([client.join(poll.id), client.join(poll.id)]));
  assert.equal(room, same);
  assert.equal(await client.join(` ${poll.code.toLowerCase()} `), room);
  assert.deepEqual([room.id, room.role, room.me, counts(room.totals)], [poll.id, "voter", [], [0, 0, 0]]);
  assert.equal(room.poll.question, "Which?");
  assert.equal(client.voter, "user:7");
  assert.deepEqual(client.state, { name: "open", via: "socket" });
  const [host, other] = [await meet("user:1"), await meet("user:8")];
  const online = when(room, "presence", (count) => count === 2);
  assert.equal((await soon(host.join(poll.code))).role, "host");
  await soon(other.join(poll.id));
  assert.equal(await online, 2, "a host is not counted");
  assert.equal(room.online, 2);
  await assert.rejects(client.join("NOSUCH"), { name: "Refused", code: "poll_not_found" });
  await assert.rejects(client.join(2.5), TypeError);
  await assert.rejects(client.join(" - "), TypeError);
});

test("a vote is answered, shown, changed and withdrawn", async () => {
  const poll = await makePoll();
  const [yes, no] = ids(poll);
  const client = await meet();
  const room = await soon(client.join(poll.id));
  const mine = [];
  room.on("votes", (votes) => mine.push(votes.map(({ options }) => options)));
  const settled = when(client, "settled");
  const first = await soon(room.vote(yes));
  assert.match(first.op, UUID_7);
  assert.deepEqual({ ...first, op: "", version: 0 }, { op: "", poll: poll.id, status: "recorded", epoch: 1, version: 0, stands: true });
  assert.deepEqual((await settled).receipt, first);
  assert.deepEqual(counts(await totalsOf(room, ({ version }) => version >= first.version)), [1, 0, 0]);
  const second = await soon(room.vote([no]));
  assert.deepEqual([second.status, room.me[0].op], ["changed", second.op]);
  assert.equal((await soon(room.vote(no))).status, "unchanged");
  const last = await soon(room.retract());
  assert.equal(last.status, "retracted");
  assert.deepEqual(counts(await totalsOf(room, ({ version }) => version >= last.version)), [0, 0, 0]);
  assert.deepEqual(mine, [[[yes]], [[no]], [[no]], []]);
  assert.deepEqual([client.pending, client.errors], [[], []]);
});

test("what is refused is a Refused with the contract's code", async () => {
  const poll = await makePoll({ allow_change: false });
  const [yes] = ids(poll);
  const client = await meet();
  const room = await soon(client.join(poll.id));
  await assert.rejects(room.vote([]), (error) => error instanceof Refused && error.code === "no_choice" && error.detail !== "");
  await assert.rejects(room.vote(999_999), { code: "unknown_option" });
  await assert.rejects(room.vote(["1"]), TypeError);
  await assert.rejects(room.retract(7), TypeError);
  await soon(room.vote(yes));
  await assert.rejects(room.vote(yes), { code: "already_voted" });
  await assert.rejects(room.retract(), { code: "change_not_allowed" });
  const final = when(room, "totals", (totals) => totals.final);
  await call("POST", `/polls/${poll.id}/close/`);
  assert.equal((await final).status, "closed");
  await assert.rejects(room.vote(yes), { code: "poll_closed" });
});

test("several choices make one ballot, several ballots one voter", async () => {
  const poll = await makePoll({ max_choices: 2, votes_per_user: 3 });
  const [yes, no, perhaps] = ids(poll);
  const client = await meet();
  const room = await soon(client.join(poll.id));
  const pair = await soon(room.vote([yes, perhaps]));
  await assert.rejects(room.vote([yes, no, perhaps]), { code: "too_many_choices" });
  const both = await soon(Promise.all([room.vote(no), room.vote(no)]));
  await assert.rejects(room.vote(no), { code: "vote_limit_reached" });
  assert.deepEqual(room.me.map(({ op }) => op).sort(), [pair, ...both].map(({ op }) => op).sort());
  const one = await soon(room.retract(pair.op));
  assert.deepEqual(counts(await totalsOf(room, ({ version }) => version >= one.version)), [0, 2, 0]);
  assert.equal(room.me.length, 2);
  const all = await soon(room.retract());
  assert.deepEqual(counts(await totalsOf(room, ({ version }) => version >= all.version)), [0, 0, 0]);
  assert.deepEqual(room.me, []);
});

test("votes that are pipelined all count, each once", async () => {
  const poll = await makePoll({ votes_per_user: 100 });
  const [yes, no] = ids(poll);
  const wires = new Wires();
  const client = await meet("", { WebSocket: wires.WebSocket });
  const room = await soon(client.join(poll.id));
  const flying = new Set();
  let most = 0;
  wires.on("sent", ({ type, op }) => type === "vote" && (most = Math.max(most, flying.add(op).size)));
  client.on("settled", ({ act }) => flying.delete(act.op));
  const receipts = await soon(Promise.all(Array.from({ length: 40 }, (_, i) => room.vote(i % 2 ? yes : no))));
  assert.equal(new Set(receipts.map(({ op }) => op)).size, 40);
  assert.ok(most > 1 && most <= 32, `${most} at once`);
  const newest = await totalsOf(room, (totals) => totals.total_votes === 40);
  assert.deepEqual(counts(newest), [20, 20, 0]);
  assert.equal(room.me.length, 40);
});

test("where the order matters a vote waits for the one before it, and its retry", async () => {
  const poll = await makePoll();
  const [yes, no] = ids(poll);
  const wires = new Wires();
  const client = await meet("", { WebSocket: wires.WebSocket });
  const room = await soon(client.join(poll.id));
  const sent = [];
  wires.on("sent", (frame) => frame.type === "vote" && sent.push(frame));
  let held = true;
  wires.pass = (frame, say) => {
    // The first answer is lost on its way, and the vote asked for again.
    if (frame.type !== "ack" || !held) return say(frame);
    held = false;
    return say({ type: "retry", op: frame.op.toUpperCase(), poll: poll.id, after_ms: 200 });
  };
  const [first, second] = await soon(Promise.all([room.vote(yes), room.vote(no)]));
  assert.deepEqual(sent.map(({ options }) => options[0]), [yes, yes, no]);
  assert.equal(sent[0].op, sent[1].op);
  assert.deepEqual([first.status, second.status], ["replayed", "changed"]);
  assert.deepEqual(counts(await totalsOf(room, ({ version }) => version >= second.version)), [0, 1, 0]);
});

test("totals never go back, in whatever order frames come", async () => {
  const poll = await makePoll({ votes_per_user: 100 });
  const [yes] = ids(poll);
  const wires = new Wires();
  const watcher = await meet("user:8", { WebSocket: wires.WebSocket });
  const room = await soon(watcher.join(poll.id));
  const shown = [room.totals];
  room.on("totals", (totals) => shown.push(totals));
  const held = [];
  let arrived;
  const enough = new Promise((resolve) => (arrived = resolve));
  wires.pass = (frame, say) => {
    if (frame.type !== "totals") return say(frame);
    held.push(frame);
    // Of five frames the newest comes first, and each older one after it, all in one turn.
    if (held.length === 5) {
      for (const one of held.reverse()) say(one);
      say({ ...held[0], visibility: "turnout", options: [] });
      arrived();
    }
    return undefined;
  };
  const voter = await soon((await meet()).join(poll.id));
  while (held.length < 5) {
    const { version } = await soon(voter.vote(yes));
    await totalsOf(voter, (totals) => totals.version >= version);
  }
  await soon(enough, "the fifth frame");
  const ranks = shown.map(rank);
  assert.deepEqual(ranks, [...new Set(ranks)].sort((a, b) => a - b));
  assert.deepEqual([shown.length, room.totals.version, room.totals.visibility], [2, held[0].version, "full"]);
});

test("at the same place a full frame replaces a turnout one", async () => {
  const poll = await makePoll({ results: "after_vote" });
  const [yes] = ids(poll);
  const client = await meet();
  const room = await soon(client.join(poll.id));
  assert.deepEqual([room.totals.visibility, counts(room.totals)], ["turnout", [null, null, null]]);
  const receipt = await soon(room.vote(yes));
  const full = await totalsOf(room, ({ visibility }) => visibility === "full");
  assert.ok(full.version >= receipt.version);
  assert.deepEqual(counts(full), [1, 0, 0]);
});

test("a vote is for the round that was shown, and a reset forgets the own votes", async () => {
  const poll = await makePoll();
  const [yes] = ids(poll);
  const wires = new Wires();
  const client = await meet("", { WebSocket: wires.WebSocket });
  const room = await soon(client.join(poll.id));
  await soon(room.vote(yes));
  const late = [];
  wires.pass = (frame, say) => (["totals", "poll"].includes(frame.type) ? late.push(() => say(frame)) : say(frame));
  await call("POST", `/polls/${poll.id}/reset/`);
  await assert.rejects(room.vote(yes), { code: "poll_reset" });
  assert.equal(room.me.length, 1);
  wires.pass = (frame, say) => say(frame);
  const emptied = when(room, "votes");
  late.forEach((say) => say());
  await totalsOf(room, ({ epoch }) => epoch === 2);
  assert.deepEqual([await emptied, room.me], [[], []]);
  assert.equal((await soon(room.vote(yes))).epoch, 2);
});

test("a change and the end of a poll are told, and a room that was left is silent", async () => {
  const poll = await makePoll();
  const client = await meet();
  const room = await soon(client.join(poll.id));
  const changed = when(room, "poll", (one) => one.question === "Why?");
  await call("PATCH", `/polls/${poll.id}/`, { question: "Why?" });
  await changed;
  assert.equal(room.poll.corrected_at, null);
  await soon(room.vote(ids(poll)[0]));
  const corrected = when(room, "poll", (one) => one.options[0].option_text === "Aye");
  await call("PATCH", `/options/${ids(poll)[0]}/?correction=true`, { option_text: "Aye" });
  await corrected;
  assert.ok(Date.parse(room.poll.corrected_at) > Date.parse(room.poll.created_at));
  assert.deepEqual(room.me.map(({ options }) => options), [[ids(poll)[0]]]);
  const left = await soon((await meet("user:8")).join(poll.id));
  left.on("deleted", () => assert.fail("it was left"));
  left.leave();
  const gone = when(room, "deleted");
  await call("DELETE", `/polls/${poll.id}/`);
  assert.equal(await gone, poll.id);
  await assert.rejects(client.join(poll.id), { code: "poll_not_found" });
});

test("what waits without a connection is bounded, stored before it is sent, and unsettled at the end", async () => {
  const poll = await makePoll();
  const storage = new MemoryStorage();
  const wires = new Wires();
  const client = await meet("", { WebSocket: wires.WebSocket, storage });
  const room = await soon(client.join(poll.id));
  wires.blocked = true;
  const lost = when(client, "state", ({ name }) => name === "waiting");
  wires.last.cut(4429);
  await lost;
  const ends = Promise.allSettled(Array.from({ length: 100 }, () => room.vote(ids(poll)[0])));
  await assert.rejects(room.vote(ids(poll)[0]), Busy);
  assert.deepEqual([storage.length, client.pending.length], [100, 100]);
  client.close();
  assert.ok((await soon(ends)).every(({ reason }) => reason instanceof Unsettled));
  await assert.rejects(room.vote(ids(poll)[0]), { name: "Closed" });
  assert.equal(storage.length, 100);
});

test("a call goes by the client's token, and its refusal is a Refused", async () => {
  const client = await meet("user:7");
  assert.equal((await soon(client.call("GET", "/auth/me/"))).sub, "user:7");
  await assert.rejects(client.call("GET", "/polls/0/"), { code: "poll_not_found", status: 404 });
});

test("a token that does not hold ends the client, and everything that waits", async () => {
  const client = await meet("", { token: "no token" });
  const joining = client.join(1);
  await assert.rejects(soon(joining), { name: "TurnedAway", code: 4501 });
  const state = await stateOf(client, "closed");
  assert.equal(state.code, 4501);
  assert.ok(state.reason);
  await assert.rejects(client.join(1), { name: "TurnedAway" });
  assert.ok(await token("user:7"));
});

test("what another device of the same voter did is known after a look, and after a refusal", async () => {
  const poll = await makePoll({ votes_per_user: 2, allow_change: false });
  const [yes, no] = ids(poll);
  const [one, other] = [await meet("user:91"), await meet("user:91")];
  const [here, there] = await soon(Promise.all([one.join(poll.id), other.join(poll.id)]));
  await soon(here.vote(yes));
  await soon(there.refresh());
  assert.deepEqual(there.me.map(({ options }) => options), [[yes]]);
  await soon(here.vote(no));
  const told = when(there, "votes", (votes) => votes.length === 2);
  await assert.rejects(there.vote(no), { code: "vote_limit_reached" });
  assert.deepEqual((await told).map(({ op }) => op).sort(), here.me.map(({ op }) => op).sort());
  assert.deepEqual([one.errors, other.errors], [[], []]);
});

test("a ballot that the host discarded with its option is known to be gone", async () => {
  const poll = await makePoll();
  const client = await meet();
  const room = await soon(client.join(poll.id));
  await soon(room.vote(ids(poll)[0]));
  const gone = when(room, "votes", (votes) => votes.length === 0);
  await call("DELETE", `/options/${ids(poll)[0]}/?discard_votes=true`);
  await gone;
  assert.deepEqual(client.errors, []);
});

test("a change that takes no option away has nobody read their ballots again", async () => {
  const poll = await makePoll();
  const wires = new Wires();
  const client = await meet("user:93", { WebSocket: wires.WebSocket });
  const room = await soon(client.join(poll.id));
  const begin = globalThis.setTimeout;
  let begun = 0;
  globalThis.setTimeout = (...how) => ((begun += 1), begin(...how));
  try {
    wires.last.say({ type: "poll", poll: { ...room.poll, version: room.poll.version + 1 } });
    assert.equal(begun, 0);
    wires.last.say({ type: "poll", poll: { ...room.poll, version: room.poll.version + 1, options: room.poll.options.slice(1) } });
    assert.equal(begun, 1);
  } finally {
    globalThis.setTimeout = begin;
  }
  client.close();
});

test("an answer that comes before the room is entered is not lost to its older snapshot", async () => {
  const poll = await makePoll();
  const storage = new MemoryStorage();
  const wires = new Wires();
  const before = await meet("user:92", { storage, WebSocket: wires.WebSocket });
  const left = await soon(before.join(poll.id));
  wires.deaf = true;
  const sent = wires.sent("vote");
  const voting = left.vote(ids(poll)[0]).catch((error) => error);
  const { op } = await sent;
  before.close();
  assert.ok((await voting) instanceof Unsettled);

  const late = new Wires();
  let [acked, held] = [false, null];
  late.pass = (frame, say) => {
    acked ||= frame.type === "ack";
    if (frame.type === "joined") held = { ...frame, me: [], poll: { ...frame.poll, version: 0 } };
    else say(frame);
    if (acked && held) say(held);
    if (acked) held = null;
  };
  const client = await meet("user:92", { storage, WebSocket: late.WebSocket });
  const acknowledged = when(client, "settled");
  const room = await soon(Promise.all([client.join(poll.id), acknowledged]).then(([entered]) => entered));
  assert.deepEqual(room.me.map((ballot) => ballot.op), [op]);
});
