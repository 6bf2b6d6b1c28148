import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { MemoryStorage, connect, newOp } from "../../../nexus/web/client.js";
import { Clock, Emitter, addressOf, subjectOf } from "../../../nexus/web/client/basics.js";
import { RoomState } from "../../../nexus/web/client/room.js";
import { pause } from "../../../nexus/web/client/upkeep.js";
import { meet, makePoll, soon, stateOf } from "./harness.js";

test("an op is a UUID of version 7 that sorts by its time", () => {
  const ops = Array.from({ length: 50 }, (_, i) => newOp(1_700_000_000_000 + i));
  assert.deepEqual(ops, [...ops].sort());
  assert.equal(new Set(ops).size, 50);
  assert.ok(ops.every((op) => /^018bcfe5-68[0-9a-f]{2}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(op)));
});

test("a server may be below a path, and what is not its address is left out", () => {
  const addresses = {
    "https://vote.example.org": "https://vote.example.org",
    "https://vote.example.org/": "https://vote.example.org",
    "https://Example.org:443/nexus": "https://example.org/nexus",
    "http://example.org:8443/a/b//": "http://example.org:8443/a/b",
    "http://[2001:db8::1]:8000/nexus/?x=1#top": "http://[2001:db8::1]:8000/nexus",
  };
  for (const [url, address] of Object.entries(addresses)) assert.equal(addressOf(url), address);
  for (const url of ["ftp://example.org", "vote.example.org", "ws://example.org", "", "javascript:alert(1)"]) {
    assert.throws(() => addressOf(url), TypeError);
  }
});

test("the clock goes by the answer that took the shortest way, and moves there smoothly", () => {
  const clock = new Clock();
  const at = (ms) => new Date(ms).toISOString();
  const base = Date.now();
  const offset = () => Math.round((clock.now() - Date.now()) / 10) * 10;
  clock.learn(base, base + 400, at(base + 200 + 5000));
  assert.equal(offset(), 5000);
  clock.learn(base, base + 20, at(base + 10 + 5100)); // took less: half of the way there
  assert.equal(offset(), 5050);
  clock.learn(base, base + 900, at(base + 450 + 5300)); // took more: counts for nothing by itself
  assert.ok(offset() >= 5070 && offset() <= 5100);
  clock.learn(base, base + 30, at(base + 15 - 60_000)); // this machine's clock was set
  assert.equal(offset(), -60_000);
  clock.learn(base, base + 10, "never");
  clock.learn(base + 10, base, at(base));
  assert.equal(offset(), -60_000);
});

test("a client's clock is the server's", async () => {
  const poll = await makePoll();
  const real = Date.now;
  Date.now = () => real() + 3_600_000; // this machine is an hour fast
  try {
    const client = await meet();
    await soon(client.join(poll.id));
    assert.ok(Math.abs(client.now() - real()) < 2000, `${client.now() - real()} ms`);
    client.close();
  } finally {
    Date.now = real;
  }
});

test("the pause before the next attempt doubles, is spread, and has a bound", () => {
  assert.deepEqual([pause(1012, 0, 0), pause(1012, 0, 1)], [100, 1600]);
  assert.deepEqual([pause(1006, 0, 0), pause(1006, 0, 1), pause(1006, 2, 1)], [200, 400, 1600]);
  assert.deepEqual([pause(4429, 0, 0), pause(4429, 1, 1)], [1000, 4000]);
  assert.deepEqual([pause(1006, 4, 0), pause(1006, 19, 1), pause(1012, 9, 1)], [1000, 2000, 2000]);
  assert.deepEqual([pause(4429, 9, 1), pause(1009, 3, 1), pause(1006, 20, 1)], [15_000, 15_000, 15_000]);
  assert.deepEqual([pause(1006, 99, 0), pause(1006, 99, 1), pause(1012, 99, 1)], [7500, 15_000, 15_000]);
});

test("a listener that throws does not stop the others, and its error is reported", async () => {
  const events = new Emitter(["one"]);
  const heard = [];
  const thrown = new Promise((resolve) => {
    mock.method(globalThis, "queueMicrotask", (act) => {
      try {
        act();
      } catch (error) {
        resolve(error);
      }
    });
  });
  events.on("one", () => {
    throw new Error("mine");
  });
  const end = events.on("one", (value) => heard.push(value));
  assert.equal(events.emit("one", 1), true);
  assert.equal((await thrown).message, "mine");
  mock.restoreAll();
  end();
  assert.deepEqual(heard, [1]);
  assert.throws(() => events.on("two", () => {}), TypeError);
  assert.throws(() => events.on("one", null), TypeError);
});

test("a token says for whom it is", () => {
  const jwt = (claims) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.y`;
  assert.equal(subjectOf(jwt({ iss: "nexus", sub: "user:é" })), "nexus|user:é");
  assert.equal(subjectOf("opaque"), "opaque");
});

test("what cannot work is a TypeError at once", () => {
  assert.throws(() => connect({ url: "ftp://there", token: "t" }), TypeError);
  assert.throws(() => connect({ url: "http://there" }), TypeError);
  assert.throws(() => connect({ url: "http://there", token: "" }), TypeError);
});

test("a room takes what is newer, and at the same place a full frame instead of a turnout one", () => {
  const frame = (epoch, version, visibility = "full") => ({ type: "totals", poll: 7, epoch, version, visibility });
  const poll = { id: 7, epoch: 1, version: 5, votes_per_user: 1, status: "open", updated_at: "2026-11-22T19:00:00Z" };
  const state = new RoomState({ poll, totals: frame(1, 5, "turnout"), me: [], role: "voter" });
  const shown = [];
  state.on("totals", ({ epoch, version, visibility }) => shown.push([epoch, version, visibility]));
  const frames = [frame(1, 5), frame(1, 5, "turnout"), frame(1, 4), frame(2, 1), frame(1, 9), frame(2, 1), frame(2, 2)];
  frames.forEach((one) => state.take(one));
  assert.deepEqual(shown, [[1, 5, "full"], [2, 1, "full"], [2, 2, "full"]]);
  const polls = [];
  state.on("poll", ({ question }) => polls.push(question));
  const later = "2026-11-22T19:00:01Z";
  for (const [question, version, updated] of [["a", 5, later], ["b", 5, poll.updated_at], ["c", 4, later], ["d", 6, later]]) {
    state.take({ type: "poll", poll: { ...poll, question, version, updated_at: updated } });
  }
  assert.deepEqual(polls, ["a", "d"]);
});

test("the own ballots are what the answers say, in whatever order they come", () => {
  const poll = { id: 7, epoch: 1, version: 5, votes_per_user: 1, status: "open", updated_at: "2026-11-22T19:00:00Z" };
  const totals = { poll: 7, epoch: 1, version: 5, visibility: "full" };
  const vote = (op) => ({ kind: "vote", op, options: [1], made: 0 });
  const receipt = (status, version, stands = true, epoch = 1) => ({ status, version, stands, epoch });
  const ops = (state) => state.me.map(({ op }) => op);
  const one = new RoomState({ poll, totals, me: [], role: "voter" });
  one.settled(vote("b"), receipt("changed", 7));
  one.settled(vote("a"), receipt("recorded", 6)); // answered late: it stood only until then
  assert.deepEqual(ops(one), ["b"]);
  one.settled(vote("b"), receipt("replayed", 7, false)); // another device has changed it
  one.settled(vote("c"), receipt("recorded", 9, true, 2)); // of another round
  assert.deepEqual(ops(one), []);
  const many = new RoomState({ poll: { ...poll, votes_per_user: 3 }, totals, me: [], role: "voter" });
  many.settled(vote("y"), receipt("recorded", 8));
  many.settled(vote("x"), receipt("recorded", 6));
  assert.deepEqual(ops(many), ["y", "x"]);
  many.settled({ kind: "retract" }, receipt("retracted", 7, false)); // takes what stood then
  assert.deepEqual(ops(many), ["y"]);
});

/** A server that says welcome, and then nothing more. */
class Mute extends EventTarget {
  static made = [];
  heard = [];

  constructor() {
    super();
    Mute.made.push(this);
    queueMicrotask(() => this.dispatchEvent(new Event("open")));
  }

  send(text) {
    const { type } = JSON.parse(text);
    this.heard.push(type);
    const welcome = { type: "welcome", voter: "user:7", server_now: new Date().toISOString() };
    if (type === "hello") queueMicrotask(() => this.dispatchEvent(Object.assign(new Event("message"), { data: JSON.stringify(welcome) })));
  }

  close() {}
}

const turns = async () => {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
};

test("a connection that went dead is noticed within half a minute, without help of a browser", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const storage = new MemoryStorage();
  const client = connect({ url: "http://there", token: "t", storage, WebSocket: Mute, fetch });
  try {
    await turns();
    assert.deepEqual([client.state.name, Mute.made[0].heard], ["open", ["hello"]]);
    mock.timers.tick(19_000);
    await turns();
    assert.deepEqual(Mute.made[0].heard, ["hello", "ping"]);
    mock.timers.tick(8_000);
    await turns();
    assert.equal(client.state.name, "waiting");
    mock.timers.tick(1_000);
    await turns();
    assert.deepEqual([client.state.name, Mute.made.length], ["open", 2]);
  } finally {
    client.close();
    mock.timers.reset();
  }
  assert.equal((await stateOf(client, "closed")).error.name, "Closed");
});

test("a snapshot that is older than an acknowledgement takes nothing back", () => {
  const poll = (version) => ({ id: 7, epoch: 1, version, status: "open", votes_per_user: 3, updated_at: "2026-01-01T00:00:00Z", options: [] });
  const room = new RoomState({ poll: poll(1), totals: { epoch: 1, version: 1, visibility: "full" }, me: [], role: "voter" });
  const act = (op) => ({ kind: "vote", op, options: [1], made: 0 });
  room.settled(act("b"), { status: "recorded", epoch: 1, version: 3, stands: true });
  room.enter({ poll: poll(2), totals: null, me: [{ op: "a", options: [2], cast_at: "" }], role: "voter" });
  assert.deepEqual(room.me.map(({ op }) => op), ["a", "b"]);
  room.settled({ kind: "retract", op: "c" }, { status: "retracted", epoch: 1, version: 4, stands: false });
  room.enter({ poll: poll(3), totals: null, me: [{ op: "a", options: [2], cast_at: "" }], role: "voter" });
  assert.deepEqual(room.me, []);
  room.enter({ poll: poll(5), totals: null, me: [{ op: "d", options: [2], cast_at: "" }], role: "voter" });
  assert.deepEqual(room.me.map(({ op }) => op), ["d"]);
});
