import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { MemoryStorage, enter } from "../../../nexus/web/client.js";
import { Wires, call, counts, keeper, makePoll, meet, soon, totalsOf, until, url, when } from "./harness.js";

const ids = (poll) => poll.options.map(({ id }) => id);
const definition = (question, more) => ({ question, options: [{ option_text: "Yes" }, { option_text: "No" }], ...more });

async function makeEvent({ polls = {}, ...fields } = {}) {
  const sheet = ["One?", "Two?", "Three?"].map((question) => definition(question, polls));
  const event = await call("POST", "/events/", { title: "Show", polls: sheet, ...fields });
  return { event, sheet: event.polls.map(({ id }) => id) };
}

const move = ({ id }, step, body) => call("POST", `/events/${id}/${step}/`, body);
const next = (event, body) => move(event, "next", body);

/** A client that follows an event, over sockets that can be meddled with, and what it heard of it. */
async function following({ code }, options = {}) {
  const wires = new Wires();
  const client = await meet(options.subject, { WebSocket: wires.WebSocket, ...options });
  const place = await soon(client.enter(code, options));
  const heard = [];
  place.on("shown", ({ event, room }) => heard.push([event.revision, event.shown, room?.id ?? null]));
  return { wires, client, place, heard };
}

/** Resolves once the event shows this, which it may do already. */
const shows = async (place, poll) => (place.event.shown === poll ? place : when(place, "shown", ({ event }) => event.shown === poll));

const rising = (heard) => heard.every(([revision], n) => n === 0 || revision > heard[n - 1][0]);

describe("events", { concurrency: true }, () => {
  test("a guest enters once, and is moved from poll to poll", async () => {
    const { event, sheet } = await makeEvent({ is_public: false });
    const storage = new MemoryStorage();
    const guest = await enter({ url, code: event.code, storage });
    assert.deepEqual([guest.event, guest.poll], [event.id, null]);
    const { client, place, heard } = await following(event, { token: guest.token, storage });
    assert.deepEqual([place.id, place.event.title, place.event.polls, place.room, place.role], [event.id, "Show", [], null, "voter"]);
    for (const [n, poll] of sheet.entries()) {
      const { revision } = await next(event, n ? { from: sheet[n - 1] } : { from: null });
      await shows(place, poll);
      const { room } = place;
      assert.deepEqual([room.poll.question, room.poll.event, room.totals.poll, room.me], [["One?", "Two?", "Three?"][n], event.id, poll, []]);
      assert.ok(place.event.revision >= revision);
      const receipt = await soon(room.vote(ids(room.poll)[0]));
      assert.deepEqual([receipt.poll, receipt.status], [poll, "recorded"]);
      assert.deepEqual(counts(await totalsOf(room, ({ voters }) => voters === 1)), [1, 0]);
      assert.equal(room.me.length, 1);
    }
    await next(event);
    await shows(place, null);
    assert.equal(place.room, null);
    await move(event, "previous");
    await shows(place, sheet[2]);
    assert.deepEqual([place.room.poll.status, place.room.me.length, place.room.totals.final], ["closed", 1, true]); // its own ballot
    assert.ok(rising(heard));
    assert.equal(client.voter, guest.voter);
    const again = await enter({ url, code: event.code, storage });
    assert.deepEqual([again.voter, again.event], [guest.voter, event.id]);
    assert.deepEqual(client.errors, []);
  });

  test("the room is one object while its poll is shown, and says nothing after that", async () => {
    const { event, sheet } = await makeEvent();
    await next(event);
    const { wires, place, heard } = await following(event);
    const { room } = place;
    const [yes] = ids(room.poll);
    const renamed = when(place, "shown", ({ event: { title } }) => title.startsWith("<script>"));
    await call("PATCH", `/events/${event.id}/`, { title: "<script>alert(1)</script>" });
    await renamed;
    assert.equal(place.room, room);
    const final = when(room, "totals", (totals) => totals.final);
    await next(event);
    assert.equal((await final).poll, sheet[0]);
    await shows(place, sheet[1]);
    assert.notEqual(place.room, room);

    const said = [];
    for (const name of ["totals", "poll", "votes", "presence", "deleted"]) room.on(name, () => said.push(name));
    wires.last.say({ type: "totals", ...room.totals, version: room.totals.version + 10, voters: 99 });
    wires.last.say({ type: "poll", poll: { ...room.poll, version: room.poll.version + 10 } });
    wires.last.say({ type: "deleted", poll: room.id });
    const told = heard.length;
    wires.last.say({ type: "shown", event: { ...place.event, revision: 1, shown: sheet[0] }, poll: room.poll, totals: room.totals, me: [] });
    assert.deepEqual([said, heard.length, place.event.shown, room.totals.voters], [[], told, sheet[1], 0]);
    room.leave(); // it is in no room any more
    assert.ok((await soon(place.room.vote(ids(place.room.poll)[1]))).stands);
    await assert.rejects(soon(room.vote(yes)), { code: "poll_closed" });
    assert.deepEqual(said, []);
    assert.ok(rising(heard));
  });

  test("a vote under way when the event moves on is answered", async () => {
    const { event, sheet } = await makeEvent();
    await next(event);
    const { wires, client, place } = await following(event);
    const { room } = place;
    const held = [];
    wires.pass = (frame, say) => (frame.type === "ack" ? held.push([frame, say]) : say(frame));
    const voting = room.vote(ids(room.poll)[0]);
    const settled = when(client, "settled");
    await until(() => held.length, "the answer to the vote");
    await next(event);
    await shows(place, sheet[1]);
    const [[frame, say]] = held;
    say(frame);
    assert.deepEqual([(await soon(voting)).stands, (await settled).act.poll, room.me], [true, sheet[0], []]);
    wires.pass = (one, tell) => tell(one);
    await move(event, "previous");
    await shows(place, sheet[0]);
    assert.deepEqual(place.room.me.map(({ op }) => op), [frame.op]);
  });

  test("whoever comes back tells the newest revision it knows, and is moved", async () => {
    const { event, sheet } = await makeEvent();
    await next(event);
    const { wires, place, heard } = await following(event, { as: "screen" });
    const { room } = place;
    const known = place.event.revision;
    const rejoins = [];
    wires.on("sent", (frame) => frame.type === "join" && rejoins.push(frame));
    wires.blocked = true;
    wires.last.cut(1006);
    await next(event);
    wires.blocked = false;
    await shows(place, sheet[1]);
    assert.deepEqual(rejoins, [{ type: "join", event: event.id, revision: known, as: "screen" }]);
    assert.notEqual(place.room, room);
    assert.equal(place.room.poll.question, "Two?");
    const second = place.room;
    const revision = place.event.revision;
    wires.last.cut(1006);
    await until(() => rejoins.length === 2, "the second return");
    await (await soon((await meet()).join(sheet[1]))).vote(ids(second.poll)[0]);
    await totalsOf(second, ({ voters }) => voters === 1);
    assert.deepEqual([place.room === second, place.event.revision, heard.filter(([one]) => one === revision).length], [true, revision, 1]);
    assert.ok(rising(heard));
  });

  test("an event that is gone when its follower comes back is deleted, as is one that goes meanwhile", async () => {
    const [away, here] = [await makeEvent(), await makeEvent()];
    await next(away.event);
    await next(here.event);
    const { wires, place } = await following(away.event);
    const other = await following(here.event);
    wires.blocked = true;
    wires.last.cut(1001);
    const gone = [when(place, "deleted"), when(other.place, "deleted")];
    for (const { event } of [away, here]) await call("DELETE", `/events/${event.id}/`);
    wires.blocked = false;
    assert.deepEqual(await Promise.all(gone), [away.event.id, here.event.id]);
    assert.deepEqual([place.room, other.place.room], [null, null]);
    await assert.rejects(soon(other.client.enter(here.event.id)), { code: "event_not_found" });
  });

  test("an event that becomes private is gone for strangers, and stays for those who had its code", async () => {
    const { event } = await makeEvent();
    const inside = await following(event);
    const stranger = await meet();
    const gone = when(await soon(stranger.enter(event.id)), "deleted");
    const told = when(inside.place, "shown", (shown) => !shown.event.is_public);
    await call("PATCH", `/events/${event.id}/`, { is_public: false });
    assert.equal(await gone, event.id);
    const { event: now } = await told;
    assert.equal(await soon(inside.client.enter(now.code)), inside.place);
  });

  test("a poll of the event that is joined besides stays when the event moves on, and goes when it is left", async () => {
    const { event, sheet } = await makeEvent();
    await next(event);
    const { wires, client, place } = await following(event);
    const { room } = place;
    const joined = wires.sent("join");
    assert.equal(await soon(client.join(sheet[0])), room);
    assert.equal((await joined).poll, sheet[0]);
    await next(event, { keep_open: true });
    await shows(place, sheet[1]);
    const bob = await soon((await meet()).join(sheet[0]));
    await soon(bob.vote(ids(bob.poll)[1]));
    assert.deepEqual(counts(await totalsOf(room, ({ voters }) => voters === 1)), [0, 1]);
    await move(event, "previous");
    await shows(place, sheet[0]); // without totals: this socket has them
    assert.equal(place.room, room);
    const left = wires.sent("leave");
    room.leave();
    await left;
    await soon(bob.vote(ids(bob.poll)[0]));
    assert.deepEqual(counts(await totalsOf(room, ({ options }) => options[0].votes_count === 1)), [1, 0]); // it is shown
    const elsewhere = when(place, "shown", ({ event: { shown } }) => shown === sheet[1]);
    await next(event, { keep_open: true });
    await elsewhere;
    const { version } = room.totals;
    wires.last.say({ type: "totals", ...room.totals, version: version + 10 });
    assert.equal(room.totals.version, version);
  });

  test("leaving ends it, and entering again begins anew", async () => {
    const { event, sheet } = await makeEvent();
    await next(event);
    const { wires, client, place, heard } = await following(event);
    const left = wires.sent("leave");
    place.leave();
    assert.deepEqual([await left, place.room], [{ type: "leave", event: event.id }, null]);
    await next(event);
    const again = await soon(client.enter(event.code));
    assert.notEqual(again, place);
    assert.deepEqual([again.room.id, heard], [sheet[1], []]);
    place.leave(); // is no longer this one's
    await next(event);
    await shows(again, sheet[2]);
  });

  test("what the server takes for known, and this client does not know, is asked for", async () => {
    const { event, sheet } = await makeEvent();
    const { wires, client, place } = await following(event, { subject: "user:950" });
    wires.pass = (frame, say) => say(frame.type === "shown" && frame.poll ? { ...frame, totals: null } : frame);
    const asked = wires.sent("join");
    await next(event);
    assert.equal((await asked).event, event.id);
    await until(() => place.room?.id === sheet[0], "the room of what is shown");
    wires.pass = (frame, say) => say(frame);
    const role = wires.sent("join"); // as is what it may do, where it has become a co-host
    wires.last.say({ type: "shown", event: { ...place.event, hosts: [client.voter], revision: place.event.revision + 1 } });
    assert.equal((await role).event, event.id);
    assert.deepEqual(client.errors, []);
  });

  test("own ballots are read again through the event, and nobody joins its poll for that", async () => {
    const { event, sheet } = await makeEvent();
    await next(event);
    const { wires, place } = await following(event, { subject: "user:900" });
    const room = await soon((await meet("user:900")).join(sheet[0]));
    const { op } = await soon(room.vote(ids(room.poll)[0]));
    const asked = wires.sent("join");
    await soon(place.room.refresh());
    assert.deepEqual([(await asked).event, (await asked).poll], [event.id, undefined]);
    assert.deepEqual(place.room.me.map((ballot) => ballot.op), [op]);
    assert.equal((await soon(place.room.retract())).status, "retracted");
    assert.deepEqual(place.room.me, []);
  });

  test("followers are counted, and a host sees the whole run sheet", async () => {
    const { event, sheet } = await makeEvent({ polls: { results: "host" } });
    await next(event);
    const host = await following(event, { subject: "user:1" });
    const screen = await following(event, { as: "screen" });
    assert.deepEqual([host.place.role, host.place.event.polls.length, screen.place.event.polls.length], ["host", 3, 1]);
    await following(event);
    await until(() => host.place.online === 1, "the number of followers");
    const guest = await following(event);
    await when(host.place, "presence", (online) => online === 2);
    await soon(guest.place.room.vote(ids(guest.place.room.poll)[0]));
    assert.deepEqual(counts(await totalsOf(host.place.room, ({ voters }) => voters === 1)), [1, 0]);
    assert.deepEqual(counts(await totalsOf(guest.place.room, ({ voters }) => voters === 1)), [null, null]);
    await next(event);
    for (const { place } of [host, guest]) await shows(place, sheet[1]);
    assert.deepEqual([host, guest].map(({ place }) => counts(place.room.totals)), [[0, 0], [null, null]]);
  });

  test("a code stands for a poll or an event, and each is entered once", async () => {
    const { event } = await makeEvent();
    await next(event);
    const poll = await makePoll();
    const client = await meet();
    const room = await soon(client.enter(`${poll.code.slice(0, 3)}-${poll.code.slice(3).toLowerCase()}`));
    assert.deepEqual([room.id, room.event], [poll.id, undefined]);
    assert.equal(await soon(client.join(poll.id)), room);
    await assert.rejects(soon(client.join(event.code)), { code: "poll_not_found" });
    const places = await soon(Promise.all([event.code, event.code.toLowerCase(), event.id].map((one) => client.enter(one))));
    assert.deepEqual([new Set(places).size, places[0].event.id], [1, event.id]);
    await assert.rejects(soon(client.join(event.code)), { code: "poll_not_found" });
    await next(event);
    await shows(places[0], event.polls[1].id); // which did not end the following
    for (const wrong of ["", "-", null, 1.5, {}]) await assert.rejects(client.enter(wrong), TypeError);
    await assert.rejects(soon(client.enter("AAAAAA")), { code: "poll_not_found" });
    await assert.rejects(soon(client.enter(10 ** 6)), { code: "event_not_found" });
  });

  test("a poll that is deleted while it is shown leaves nothing shown", async () => {
    const { event, sheet } = await makeEvent();
    await next(event);
    const { place, client } = await following(event);
    await call("DELETE", `/polls/${sheet[0]}/`);
    await shows(place, null);
    assert.deepEqual([place.room, client.errors], [null, []]);
  });

  test("where sockets are blocked an event is followed over HTTP", async () => {
    const { event, sheet } = await makeEvent({ is_public: false });
    const wires = new Wires();
    wires.blocked = true;
    const storage = new MemoryStorage();
    const guest = await enter({ url, code: event.code, storage });
    const client = await meet("", { WebSocket: wires.WebSocket, storage, token: guest.token });
    const place = await soon(client.enter(event.code));
    const heard = [];
    place.on("shown", ({ event: now }) => heard.push([now.revision]));
    assert.deepEqual([client.state.via, place.role, place.room, place.event.id], ["http", "voter", null, event.id]);
    await next(event);
    await shows(place, sheet[0]);
    const { room } = place;
    const { op } = await soon(room.vote(ids(room.poll)[0]));
    await totalsOf(room, ({ voters }) => voters === 1);
    await soon(room.refresh());
    assert.deepEqual(room.me.map((one) => one.op), [op]);
    const renamed = when(place, "shown", ({ event: { title } }) => title === "Renamed");
    await call("PATCH", `/events/${event.id}/`, { title: "Renamed" });
    await renamed;
    assert.equal(place.room, room);
    await next(event);
    await shows(place, sheet[1]);
    assert.equal(place.room.poll.question, "Two?");

    const open = when(client, "state", ({ via }) => via === "socket");
    wires.blocked = false; // a socket is better, once one opens
    await open;
    await next(event);
    await shows(place, sheet[2]);
    assert.ok(rising(heard));
    const gone = when(place, "deleted");
    await call("DELETE", `/events/${event.id}/`);
    assert.equal(await gone, event.id);
    assert.deepEqual(client.errors, []);
  });

  test("over HTTP a code is that of a poll or an event, a co-host is a host, and what is gone is deleted", async () => {
    const { event } = await makeEvent();
    const poll = await makePoll();
    await next(event);
    const wires = new Wires();
    wires.blocked = true;
    const client = await meet("user:1", { WebSocket: wires.WebSocket });
    const place = await soon(client.enter(event.id));
    assert.deepEqual([place.role, place.room.role, place.event.polls.length], ["host", "host", 3]);
    assert.equal((await soon(client.enter(poll.code))).id, poll.id);
    await assert.rejects(soon(client.enter("AAAAAA")), { code: "event_not_found" });
    await assert.rejects(soon(client.join(event.code)), { code: "poll_not_found" });
    const gone = when(place, "deleted");
    await call("DELETE", `/events/${event.id}/`);
    await gone;
  });
});

test("a restart of the server moves a follower to where the event is, and its vote counts once", async () => {
  const { event, sheet } = await makeEvent();
  await next(event);
  const { wires, place, heard } = await following(event);
  const { room } = place;
  wires.deaf = true;
  const sent = wires.sent("vote");
  const voting = room.vote(ids(room.poll)[0]);
  const { op } = await sent;
  const committed = await soon((await meet("user:1")).join(sheet[0]));
  await totalsOf(committed, ({ voters }) => voters === 1);
  await next(event);
  await keeper("stop");
  wires.deaf = false;
  await keeper("start");
  const receipt = await soon(voting);
  assert.deepEqual([receipt.op, receipt.status, receipt.stands], [op, "replayed", true]);
  await shows(place, sheet[1]);
  assert.ok(rising(heard));
  await next(event);
  await shows(place, sheet[2]);
});
