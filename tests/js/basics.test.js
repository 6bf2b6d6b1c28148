import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { MemoryStorage, connect, newOp } from "../../nexus/web/client.js";
import { Clock, Emitter, subjectOf } from "../../nexus/web/client/basics.js";
import { pause } from "../../nexus/web/client/upkeep.js";
import { meet, makePoll, soon, stateOf } from "./harness.js";

test("an op is a UUID of version 7 that sorts by its time", () => {
  const ops = Array.from({ length: 50 }, (_, i) => newOp(1_700_000_000_000 + i));
  assert.deepEqual(ops, [...ops].sort());
  assert.equal(new Set(ops).size, 50);
  assert.ok(ops.every((op) => /^018bcfe5-68[0-9a-f]{2}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(op)));
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
  assert.deepEqual([pause(1006, 99, 0), pause(1006, 99, 1), pause(1012, 99, 1)], [7500, 15_000, 15_000]);
});

test("a listener that throws stops nobody, and its error comes out", async () => {
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
