/** Questions that become part of an event while answers are lost: each once, whatever becomes of a call. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Refused, Unreachable } from "../../../../nexus/web/client.js";
import { Addition, Creation } from "../../../../nexus/web/screens/host/takingsheet.js";

const polls = ["One?", "Two?", "Three?"].map((question) => ({ question, options: ["Yes", "No"] }));

/** A server with events; `fates` says what becomes of the calls that change something: done and answered, done while the
 * answer is lost, lost on the way, or refused. */
function serverOf(events, fates) {
  let id = 100;
  const make = (method, path, body) => {
    id += 1;
    if (path === "/events/") events.unshift({ id, title: body.title.trim(), polls: body.polls.map((one, n) => ({ id: id * 10 + n, ...one })) });
    else events[0].polls.push({ id, question: body.question });
    return { id };
  };
  return async (method, path, body) => {
    if (method === "GET") return path.startsWith("/events/?") ? { results: events } : events[0];
    const fate = fates.shift() ?? "done";
    if (fate === "refused") throw new Refused("too_many_polls", "no room", { status: 409 });
    if (fate === "lost") throw new Unreachable("lost");
    const made = make(method, path, body);
    if (fate === "unheard") throw new Unreachable("unheard");
    return made;
  };
}

async function persist(work) {
  for (let tries = 1; ; tries += 1) {
    try {
      return { result: await work(), tries };
    } catch (error) {
      assert.ok(error instanceof Unreachable);
    }
  }
}

test("questions are added in order, each once, though answers and calls are lost", async () => {
  for (const fates of [[], ["unheard"], ["done", "unheard", "lost", "unheard"], ["lost", "lost"], ["unheard", "unheard", "unheard"]]) {
    const event = { id: 4, title: "Show", polls: [{ id: 1, question: "One?" }] };
    const addition = new Addition(serverOf([event], [...fates]), 4, polls);
    const heard = [];
    const { tries } = await persist(() => addition.run(() => heard.push(addition.added)));
    assert.deepEqual(event.polls.map(({ question }) => question), ["One?", "One?", "Two?", "Three?"], fates.join());
    assert.deepEqual([addition.added, tries], [3, 1 + fates.filter((fate) => fate !== "done").length]);
    assert.deepEqual(heard, [...heard].sort());
  }
});

test("what the server refuses is not added, and what was added before stays", async () => {
  const event = { id: 4, title: "Show", polls: [] };
  const addition = new Addition(serverOf([event], ["done", "refused"]), 4, polls);
  await assert.rejects(addition.run(() => {}), { code: "too_many_polls" });
  assert.deepEqual([addition.added, event.polls.length], [1, 1]);
});

test("an addition that is stopped adds no more", async () => {
  const event = { id: 4, title: "Show", polls: [] };
  const addition = new Addition(serverOf([event], []), 4, polls);
  await addition.run(() => addition.added === 1 && addition.stop());
  assert.equal(addition.added, event.polls.length);
  assert.ok(addition.added < polls.length);
});

test("an event is created once, though the answer is lost, and beside another with its name", async () => {
  for (const [fates, before] of [[[], 0], [["unheard"], 0], [["lost", "unheard"], 1], [["unheard"], 1]]) {
    const body = { title: " Show", polls };
    const events = before ? [{ id: 7, title: "Show", polls }] : [];
    const creation = new Creation(serverOf(events, fates));
    const { result } = await persist(() => creation.run(body));
    assert.equal(events.length, before + 1);
    assert.equal(result, events[0].id);
  }
});
