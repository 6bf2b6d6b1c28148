import assert from "node:assert/strict";
import { test } from "node:test";

import { MemoryStorage, Unreachable, enter, login, pair, register, session } from "../../../nexus/web/client.js";
import { Wires, call, makePoll, meet, soon, stateOf, token, totalsOf, url, when } from "./harness.js";

const ids = (poll) => poll.options.map(({ id }) => id);

/** A token whose signature is another's. */
async function broken() {
  const whole = await token("user:7");
  return `${whole.slice(0, whole.lastIndexOf("."))}.${(await token("user:8")).split(".")[2]}`;
}

test("an expiring token is renewed on the same socket", async () => {
  const poll = await makePoll();
  const wires = new Wires();
  const asked = [];
  const renew = async (earlier) => {
    asked.push(earlier);
    return token("user:7");
  };
  const old = await token("user:7", { ttl_s: 3 });
  const greeted = wires.sent("hello");
  const client = await meet("", { token: old, renew, WebSocket: wires.WebSocket });
  assert.equal((await greeted).token, old);
  const again = await wires.sent("hello");
  assert.notEqual(again.token, old);
  const room = await soon(client.join(poll.id));
  assert.ok((await soon(room.vote(ids(poll)[0]))).stands);
  assert.deepEqual([asked, wires.sockets.length], [[old], 1]);
});

test("a token that does not hold is replaced once, and then the client ends", async () => {
  const poll = await makePoll();
  const wires = new Wires();
  const dead = await broken();
  const good = await token("user:7");
  const given = [dead, good];
  const source = async () => given.shift() ?? dead;
  const client = await meet("", { token: source, WebSocket: wires.WebSocket });
  const room = await soon(client.join(poll.id)); // 4501, and then the good one
  assert.deepEqual([given.length, wires.sockets.length], [0, 2]);
  wires.last.cut(4501, "the account is disabled");
  const state = await stateOf(client, "closed"); // the dead one again: turned away twice
  assert.deepEqual([state.code, wires.sockets.length], [4501, 3]);
  await assert.rejects(room.vote(ids(poll)[0]), { name: "TurnedAway" });
});

test("a source that gives the same token again ends the client", async () => {
  const dead = await broken();
  const client = await meet("", { token: async () => dead });
  assert.equal((await stateOf(client, "closed")).code, 4501);
});

test("a token source that fails is told of, and asked again", async () => {
  const poll = await makePoll();
  let times = 0;
  const source = async () => {
    times += 1;
    if (times === 1) throw new LookupError("the safe is shut");
    if (times === 2) throw new Unreachable("no network"); // which the state says
    return token("user:7");
  };
  const client = await meet("", { token: source });
  await soon(client.join(poll.id));
  assert.deepEqual([times, client.errors.map(({ message }) => message)], [3, ["the safe is shut"]]);
});

class LookupError extends Error {}

test("a guest stays the same voter on the device, and renews with the earlier token", async () => {
  const poll = await makePoll();
  const storage = new MemoryStorage();
  const bodies = [];
  const watched = async (address, options) => {
    bodies.push(options.headers.Authorization);
    return fetch(address, options);
  };
  const guest = await enter({ url, code: poll.code, storage, fetch: watched });
  assert.match(guest.voter, /^guest:/);
  assert.equal(guest.poll, poll.id);
  const first = await guest.token();
  const back = await enter({ url, code: ` ${poll.code.toLowerCase()}`, storage, fetch: watched });
  assert.deepEqual([back.voter, await back.token(), bodies], [guest.voter, first, [undefined]]);
  const newer = await back.token(first);
  assert.notEqual(newer, first);
  assert.deepEqual(bodies, [undefined, `Bearer ${first}`]);
  assert.equal((await enter({ url, code: poll.code, storage })).voter, guest.voter);

  const client = await meet("", { token: guest.token, storage });
  const room = await soon(client.join(guest.poll));
  assert.equal(client.voter, guest.voter);
  await soon(room.vote(ids(poll)[0]));
  const other = await enter({ url, code: poll.code, storage: new MemoryStorage() });
  assert.notEqual(other.voter, guest.voter);
  const second = await soon((await meet("", { token: other.token })).join(poll.code));
  await soon(second.vote(ids(poll)[0]));
  await totalsOf(room, ({ voters }) => voters === 2);

  await assert.rejects(enter({ url, code: "NOSUCH", storage }), { name: "Refused", code: "poll_not_found", status: 404 });
  await call("PATCH", `/polls/${poll.id}/`, { allow_guests: false });
  await assert.rejects(enter({ url, code: poll.code, storage: new MemoryStorage() }), { code: "guests_not_allowed" });
  await assert.rejects(enter({ url: "http://127.0.0.1:1", code: "ABCDEF" }), { name: "Unreachable" });
  await assert.rejects(enter({ url: "ftp://there", code: "ABCDEF" }), TypeError);
});

test("a login stays in the storage, renews itself, and ends", async () => {
  const storage = new MemoryStorage();
  const who = { url, username: "grace", password: "correct horse battery", storage };
  assert.equal(session({ url, storage }), null);
  assert.equal((await register(who)).username, "grace");
  await assert.rejects(register(who), { code: "username_taken", status: 409 });
  await assert.rejects(login({ ...who, password: "wrong" }), { code: "invalid_credentials" });
  await login(who);
  const kept = session({ url, storage });
  const first = await kept.token();
  assert.equal(await kept.token(), first);
  const client = await meet("", { token: kept.token });
  const poll = await client.call("POST", "/polls/", { question: "Mine?", options: [{ option_text: "a" }, { option_text: "b" }] });
  assert.equal((await soon(client.join(poll.id))).role, "host");
  const newer = await kept.token(first);
  assert.notEqual(newer, first);
  const ended = when(client, "state", ({ name }) => name === "closed");
  await kept.logout();
  assert.equal(session({ url, storage }), null);
  assert.match((await ended).reason, /no login/);
  await assert.rejects(kept.token(), { code: "unauthenticated" });
});

test("tabs that open at once are one guest", async () => {
  const poll = await makePoll();
  const storage = new MemoryStorage();
  const given = { url, code: poll.code, storage };
  const guests = await soon(Promise.all([enter(given), enter(given), enter(given)]));
  assert.equal(new Set(guests.map(({ voter }) => voter)).size, 1);
  assert.equal((await enter(given)).voter, guests[0].voter);
});

test("a pairing code becomes the token of a stage, once", async () => {
  const poll = await makePoll({ results: "host" });
  const { code } = await call("POST", `/polls/${poll.id}/pairing/`, { role: "presenter" });
  const { token: access, ...rest } = await pair({ url, code: code.toLowerCase() });
  assert.deepEqual(rest, { role: "presenter", poll: poll.id, code: poll.code });
  const client = await meet("", { token: access });
  const room = await soon(client.join(poll.id));
  assert.deepEqual([room.role, room.totals.visibility], ["presenter", "full"]);
  assert.equal((await client.call("POST", `/polls/${poll.id}/close/`)).status, "closed");
  await assert.rejects(client.call("POST", `/polls/${poll.id}/reset/`), { code: "forbidden" });
  await assert.rejects(pair({ url, code }), { name: "Refused", code: "pairing_not_found" });
});
