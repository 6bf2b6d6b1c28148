import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { MemoryStorage, TurnedAway, Unsettled } from "../../../nexus/web/client.js";
import { Wires, call, counts, keeper, makePoll, meet, rank, soon, stateOf, token, totalsOf, when } from "./harness.js";

const ids = (poll) => poll.options.map(({ id }) => id);
const states = (client) => {
  const seen = [];
  client.on("state", (state) => seen.push(state));
  return seen;
};

/** A client in the room of a poll, over sockets that can be meddled with. */
async function watching(poll, options = {}) {
  const wires = new Wires();
  const client = await meet(options.subject, { WebSocket: wires.WebSocket, ...options });
  return { wires, client, room: await soon(client.join(poll.id)) };
}

test("a restart in mid-vote counts the vote once, and the room goes on where it was", async () => {
  const poll = await makePoll();
  const [yes, no] = ids(poll);
  const { wires, client, room } = await watching(poll);
  await soon(room.vote(yes));
  await totalsOf(room, ({ voters }) => voters === 1);
  const shown = [room.totals];
  room.on("totals", (totals) => shown.push(totals));
  const seen = states(client);
  wires.deaf = true; // the answer is lost with the connection
  const sent = wires.sent("vote");
  const voting = room.vote(no);
  await sent;
  await keeper("stop");
  await stateOf(client, "waiting");
  wires.deaf = false;
  const again = wires.sent("vote");
  const rejoin = wires.sent("join");
  await keeper("start");
  const receipt = await soon(voting);
  assert.equal((await again).op, (await sent).op);
  assert.ok(["replayed", "changed"].includes(receipt.status), receipt.status);
  const { epoch, version } = await rejoin;
  assert.deepEqual([epoch, version], [1, shown[0].version]);
  assert.deepEqual(counts(await totalsOf(room, (totals) => totals.version >= receipt.version)), [0, 1, 0]);
  assert.deepEqual(room.me.map(({ op }) => op), [receipt.op]);
  const ranks = shown.map(rank);
  assert.deepEqual(ranks, [...new Set(ranks)].sort((a, b) => a - b));
  assert.deepEqual([seen[0].name, seen.at(-1)], ["waiting", { name: "open", via: "socket" }]);
  assert.ok(Math.abs(seen[0].at - Date.now()) < 60_000);
});

test("kill -9 between the sending of votes and their answers: each counts once", async () => {
  const poll = await makePoll({ votes_per_user: 100 });
  const [yes] = ids(poll);
  const { wires, room } = await watching(poll);
  await soon(room.vote(yes));
  await keeper("pause"); // so that what is sent now is surely under way
  const sent = [];
  const enough = new Promise((resolve) => wires.on("sent", ({ op }) => op && sent.push(op) === 20 && resolve()));
  const voting = Array.from({ length: 20 }, () => room.vote(yes));
  await soon(enough, "the twentieth vote");
  await keeper("kill");
  await keeper("start");
  const receipts = await soon(Promise.all(voting));
  assert.deepEqual(receipts.map(({ op }) => op).sort(), sent.slice(0, 20).sort());
  assert.deepEqual(counts(await totalsOf(room, (totals) => totals.total_votes >= 21)), [21, 0, 0]);
  assert.equal(room.me.length, 21);
});

test("after a reload the vote without an answer is sent again, and counts once", async () => {
  const poll = await makePoll();
  const [yes] = ids(poll);
  const storage = new MemoryStorage();
  const subject = "user:20";
  const { wires, client, room } = await watching(poll, { subject, storage });
  const screen = await soon((await meet("user:21")).join(poll.id));
  wires.deaf = true;
  const voting = room.vote(yes);
  const committed = await totalsOf(screen, ({ voters }) => voters === 1);
  const { op } = client.pending[0];
  client.close();
  await assert.rejects(voting, (error) => error instanceof Unsettled && error.op === op && error.poll === poll.id);
  assert.deepEqual([client.state.name, storage.length], ["closed", 1]);

  const stranger = await meet("user:22", { storage }); // another voter on this device casts no vote of the first
  await soon(stranger.join(poll.id));
  assert.deepEqual([stranger.pending, storage.length], [[], 1]);

  const next = await meet(subject, { storage });
  const { act, receipt } = await when(next, "settled");
  assert.deepEqual([act.op, receipt.status, receipt.stands, receipt.version], [op, "replayed", true, committed.version]);
  assert.deepEqual([storage.length, next.pending], [0, []]);
  const again = await soon(next.join(poll.id));
  assert.deepEqual([again.totals.voters, again.me[0].op], [1, op]);
});

test("after a reload a vote that never left is cast", async () => {
  const poll = await makePoll();
  const storage = new MemoryStorage();
  const subject = "user:30";
  const { wires, client, room } = await watching(poll, { subject, storage });
  wires.blocked = true;
  const waiting = when(client, "state", ({ name }) => name === "waiting");
  wires.last.cut(1006);
  await waiting;
  const voting = room.vote(ids(poll)[1]);
  client.close();
  await assert.rejects(voting, Unsettled);
  const next = await meet(subject, { storage });
  const { receipt } = await when(next, "settled");
  assert.deepEqual([receipt.status, receipt.stands], ["recorded", true]);
});

test("a rejoin that brings no totals keeps them", async () => {
  const poll = await makePoll();
  const { wires, client, room } = await watching(poll);
  const before = room.totals;
  let joined = null;
  wires.pass = (frame, say) => {
    if (frame.type === "joined") joined = frame;
    say(frame);
  };
  const open = when(client, "state", ({ name }) => name === "open");
  wires.last.cut(1012);
  await open;
  await soon((await meet()).join(poll.id));
  await when(room, "presence", () => joined !== null);
  assert.equal(joined.totals, null);
  assert.equal(room.totals, before);
});

test("a room whose poll went in the meantime is deleted on coming back", async () => {
  const poll = await makePoll();
  const { wires, client, room } = await watching(poll);
  wires.blocked = true;
  const waiting = when(client, "state", ({ name }) => name === "waiting");
  wires.last.cut(1001);
  await waiting;
  await call("DELETE", `/polls/${poll.id}/`);
  const gone = when(room, "deleted");
  wires.blocked = false;
  assert.equal(await gone, poll.id);
});

// Each waits out a pause of its own, in a room of its own: all at once.
describe("the code of a close", { concurrency: true }, () => {
  for (const code of [1000, 1001, 1006, 1009, 1012, 4408, 4409, 4429]) {
    test(`the client comes back after ${code}`, async () => {
      const poll = await makePoll();
      const { wires, client, room } = await watching(poll);
      const seen = states(client);
      const cut = Date.now();
      wires.last.cut(code, "for a test");
      await when(client, "state", ({ name }) => name === "open");
      assert.deepEqual(seen.map(({ name }) => name), ["waiting", "connecting", "open"]);
      const least = code === 1009 || code > 4400 ? 900 : 90; // a back-off where the server asks for distance
      assert.ok(seen[0].at - cut >= least && seen[0].at - cut < 5000, `after ${seen[0].at - cut} ms`);
      assert.match(seen[0].error.message, new RegExp(code));
      assert.ok((await soon(room.vote(ids(poll)[0]))).stands);
    });
  }

  for (const code of [4500, 4501, 4503]) {
    test(`the client stays away after ${code}`, async () => {
      const poll = await makePoll();
      const { wires, client, room } = await watching(poll);
      wires.deaf = true;
      const voting = room.vote(ids(poll)[0]);
      wires.last.cut(code, "go away");
      await assert.rejects(soon(voting), (error) => error instanceof Unsettled && error.cause instanceof TurnedAway);
      assert.deepEqual([client.state.name, client.state.code], ["closed", code]);
      assert.match(client.state.reason, /go away/);
      await assert.rejects(client.join(poll.id + 1), { name: "TurnedAway", code });
      assert.equal(wires.sockets.length, 1);
    });
  }
});

test("a connection that went dead while the computer slept is found when the browser wakes", async () => {
  const poll = await makePoll();
  const page = new EventTarget();
  for (const name of ["addEventListener", "removeEventListener"]) globalThis[name] = page[name].bind(page);
  try {
    const { wires, client, room } = await watching(poll);
    wires.deaf = true;
    const waiting = when(client, "state", ({ name }) => name === "waiting");
    const began = Date.now();
    page.dispatchEvent(new Event("pageshow"));
    await waiting;
    assert.ok(Date.now() - began < 10_000);
    wires.deaf = false;
    page.dispatchEvent(new Event("online")); // and the next attempt waits no longer than it must
    assert.ok((await soon(room.vote(ids(poll)[0]))).stands);
    client.close();
  } finally {
    for (const name of ["addEventListener", "removeEventListener"]) delete globalThis[name];
  }
});

test("a server that is not there is waited for, and a client can be closed while it waits", async () => {
  const client = await meet("", { url: "http://127.0.0.1:1", token: await token("user:40") });
  const joining = client.join(1);
  const { at, error } = await stateOf(client, "waiting");
  assert.ok(at > Date.now() - 1000);
  assert.equal(error.name, "Unreachable");
  client.close();
  await assert.rejects(soon(joining), { name: "Closed" });
  assert.equal(client.state.name, "closed");
});

test("a full storage loses no vote, an unreadable frame no connection, and both are reported", async () => {
  const poll = await makePoll();
  const storage = new MemoryStorage();
  storage.setItem = () => {
    throw new Error("full");
  };
  const { wires, client, room } = await watching(poll, { storage });
  assert.ok((await soon(room.vote(ids(poll)[0]))).stands);
  for (const data of ["{", "null", "[]", '{"type":"news"}']) {
    wires.last.dispatchEvent(Object.assign(new Event("message"), { data }));
  }
  assert.deepEqual(client.errors.map((error) => error.code ?? error.message), ["full", ...Array(3).fill("malformed")]);
  assert.equal(client.state.name, "open");
});
