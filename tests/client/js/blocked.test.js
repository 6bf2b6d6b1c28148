import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { enter, MemoryStorage } from "../../../nexus/web/client.js";
import { Wires, call, counts, makePoll, meet, soon, stateOf, totalsOf, until, url, when } from "./harness.js";

const ids = (poll) => poll.options.map(({ id }) => id);

/** A `fetch` that remembers what was asked, and what it was answered. */
function listening() {
  const heard = [];
  const asked = async (address, options) => {
    const response = await fetch(address, options);
    const { method, headers } = options;
    heard.push({ method, path: new URL(address).pathname, status: response.status, headers });
    return response;
  };
  return { heard, asked };
}

// Much of it is patience between attempts, and each test has a poll and clients of its own: all at once.
describe("where sockets are blocked", { concurrency: true }, () => {
  test("where sockets are blocked a vote goes by HTTP with its op, and the screen still moves", async () => {
    const poll = await makePoll();
    const [yes, no] = ids(poll);
    const wires = new Wires();
    wires.blocked = true;
    const { heard, asked } = listening();
    const client = await meet("user:7", { WebSocket: wires.WebSocket, fetch: asked });
    const room = await soon(client.join(poll.code));
    assert.deepEqual(client.state, { name: "open", via: "http" });
    assert.deepEqual([room.role, counts(room.totals), client.voter], ["voter", [0, 0, 0], "user:7"]);

    const receipt = await soon(room.vote(yes));
    assert.equal(receipt.status, "recorded");
    const posted = heard.find(({ method, path }) => method === "POST" && path === `/polls/${poll.id}/vote/`);
    assert.equal(posted.headers["Idempotency-Key"], receipt.op);
    assert.deepEqual(counts(await totalsOf(room, ({ version }) => version >= receipt.version)), [1, 0, 0]);
    assert.deepEqual(room.me.map(({ op }) => op), [receipt.op]);
    await assert.rejects(room.vote(999_999), { code: "unknown_option", status: 422 });

    const other = await soon((await meet()).join(poll.id));
    await soon(other.vote(no));
    assert.deepEqual(counts(await totalsOf(room, ({ voters }) => voters === 2)), [1, 1, 0]);
    assert.equal((await soon(room.retract(receipt.op))).status, "retracted");
    const held = when(room, "poll", ({ results }) => results === "host");
    await call("PATCH", `/polls/${poll.id}/`, { results: "host" });
    await held;
    await totalsOf(room, ({ visibility }) => visibility === "turnout");
    const changed = when(room, "poll", ({ status }) => status === "closed");
    await call("POST", `/polls/${poll.id}/close/`);
    await changed;
    await totalsOf(room, ({ final }) => final);
    await until(() => heard.some(({ status }) => status === 304), "an answer that nothing is new");
    assert.equal(heard.filter(({ path }) => path === "/health/socket").length, 1); // for the server's log
    assert.ok(Math.abs(client.now() - Date.now()) < 2000);

    const open = when(client, "state", ({ via }) => via === "socket");
    wires.blocked = false; // a socket is better, once one opens
    await open;
    await soon(other.retract().catch(() => null));
    const gone = when(room, "deleted");
    await call("DELETE", `/polls/${poll.id}/`);
    await gone;
    assert.deepEqual(client.errors, []);
  });

  test("a vote without an answer goes on by HTTP when the socket is lost for good", async () => {
    const poll = await makePoll();
    const wires = new Wires();
    const client = await meet("", { WebSocket: wires.WebSocket });
    const room = await soon(client.join(poll.id));
    wires.deaf = true;
    const sent = wires.sent("vote");
    const voting = room.vote(ids(poll)[0]);
    const { op } = await sent;
    wires.blocked = true;
    wires.last.cut(1006);
    const receipt = await soon(voting);
    assert.deepEqual([receipt.op, receipt.stands], [op, true]);
    assert.equal(client.state.via, "http");
    assert.equal((await totalsOf(room, ({ voters }) => voters > 0)).voters, 1);
  });

  test("a poll that goes while sockets are blocked is deleted", async () => {
    const poll = await makePoll();
    const wires = new Wires();
    wires.blocked = true;
    const client = await meet("", { WebSocket: wires.WebSocket });
    const room = await soon(client.join(poll.id));
    await assert.rejects(client.join(poll.id + 1000), { code: "poll_not_found" });
    const gone = when(room, "deleted");
    await call("DELETE", `/polls/${poll.id}/`);
    assert.equal(await gone, poll.id);
  });

  test("a guest enters and votes where sockets are blocked", async () => {
    const poll = await makePoll({ is_public: false });
    const wires = new Wires();
    wires.blocked = true;
    const storage = new MemoryStorage();
    const guest = await enter({ url, code: poll.code, storage });
    const client = await meet("", { WebSocket: wires.WebSocket, storage, token: guest.token });
    const room = await soon(client.join(poll.code));
    assert.ok((await soon(room.vote(ids(poll)[0]))).stands);
  });

  test("where HTTP fails too the client waits, and says so", async () => {
    const poll = await makePoll();
    const wires = new Wires();
    let down = false;
    const broken = (...asked) => (down ? Promise.reject(new TypeError("fetch failed")) : fetch(...asked));
    const client = await meet("", { WebSocket: wires.WebSocket, fetch: broken });
    const room = await soon(client.join(poll.id));
    wires.blocked = true;
    down = true;
    const probed = new Promise((done) => {
      client.on("state", ({ name }) => wires.sockets.length > 4 && name === "waiting" && done());
    });
    wires.last.cut(1006);
    await soon(probed, "the fourth attempt");
    const voting = room.vote(ids(poll)[0]);
    down = false;
    assert.ok((await soon(voting)).stands);
    assert.deepEqual(await stateOf(client, "open"), { name: "open", via: "http" });
  });

  test("what a network in between says is no answer to a vote", async () => {
    const poll = await makePoll();
    const wires = new Wires();
    let captive = false;
    let asked = 0;
    const portal = (...call) => {
      if (!captive) return fetch(...call);
      asked += 1;
      return Promise.resolve(new Response("<html>Pay first</html>", { status: asked % 2 ? 403 : 200 }));
    };
    const client = await meet("", { WebSocket: wires.WebSocket, fetch: portal });
    const room = await soon(client.join(poll.id));
    wires.blocked = true;
    const http = when(client, "state", ({ via }) => via === "http");
    wires.last.cut(1006);
    await http;
    captive = true;
    const voting = room.vote(ids(poll)[0]);
    await until(() => asked >= 2, "the second answer of the network");
    assert.equal(client.pending.length, 1);
    captive = false;
    assert.ok((await soon(voting)).stands);
  });
});
