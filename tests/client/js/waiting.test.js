import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Refused, waitFor } from "../../../nexus/web/client.js";
import { Wires, call, keeper, makePoll, soon, until, url } from "./harness.js";

const draft = (fields = {}) => makePoll({ status: "draft", ...fields });
const open = ({ id }) => call("POST", `/polls/${id}/open/`);

/** A wait, and what its page was told. */
function wait(code, more = {}) {
  const told = [];
  const over = waitFor({ url, code, waiting: (reached) => told.push(reached), ...more });
  over.catch(() => {}); // awaited later
  return { told, over };
}

describe("waiting for a poll", () => {
  test("ends when the poll opens, and at once if it is open", async () => {
    const poll = await draft();
    const { told, over } = wait(poll.code);
    await until(() => told.includes(true), "that one has to wait");
    await open(poll);
    await soon(over);
    assert.deepEqual(told, [true]);
    await soon(wait(poll.code).over);
  });

  test("survives sockets that are cut and a server that restarts", async () => {
    const poll = await draft();
    const wires = new Wires();
    const { told, over } = wait(poll.code, { WebSocket: wires.WebSocket });
    await until(() => told.includes(true), "that one has to wait");
    wires.last.cut(1006);
    await until(() => told.length === 3, "the next socket");
    await keeper("stop");
    await until(() => told.length === 4, "that the server is gone");
    await keeper("start");
    await until(() => told.length === 5, "that it is back");
    assert.deepEqual(told, [true, false, true, false, true]);
    await open(poll);
    await soon(over);
  });

  test("asks over HTTP where sockets are blocked", async () => {
    const poll = await draft();
    const wires = new Wires();
    wires.blocked = true;
    const { told, over } = wait(poll.code, { WebSocket: wires.WebSocket });
    await until(() => told.includes(true), "the answer over HTTP");
    assert.ok(wires.sockets.length >= 3);
    await open(poll);
    await soon(over);
  });

  test("ends for a wrong code, for a poll that is deleted, and when it is given up", async () => {
    const gone = await draft();
    const { told, over } = wait(gone.code);
    const up = new AbortController();
    const other = wait((await draft()).code, { signal: up.signal });
    const wrong = wait("ZZZZZZ");
    await assert.rejects(soon(wrong.over), (error) => error instanceof Refused && error.code === "poll_not_found");
    await until(() => told.length && other.told.length, "both to wait");
    await call("DELETE", `/polls/${gone.id}/`);
    await assert.rejects(soon(over), { code: "poll_not_found" });
    up.abort(new Error("another way in"));
    await assert.rejects(soon(other.over), /another way in/);
  });
});
