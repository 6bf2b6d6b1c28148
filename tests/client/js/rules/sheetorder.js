/** An order of questions that several people change at once. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { SheetOrder, merged } from "../../../../nexus/web/screens/host/sheetorder.js";

const changed = () => Object.assign(new Error("changed"), { code: "event_changed" });

test("two orders are brought together", () => {
  assert.deepEqual(merged([3, 1, 2], [1, 2, 3]), [3, 1, 2]);
  assert.deepEqual(merged([3, 1, 2], [1, 3]), [3, 1]);
  assert.deepEqual(merged([3, 1, 2], [9, 1, 8, 2, 3, 7]), [9, 3, 7, 1, 8, 2]);
  assert.deepEqual(merged([], [4, 5]), [4, 5]);
});

test("what is moved while it is saved is saved after that", async () => {
  const sent = [];
  const order = new SheetOrder(async (ids) => {
    sent.push(ids);
    if (sent.length === 1) order.want([3, 2, 1]);
  });
  order.want([2, 1, 3]);
  assert.equal(await order.save(), false);
  assert.deepEqual(sent, [[2, 1, 3], [3, 2, 1]]);
  assert.equal(order.open, false);
  assert.deepEqual(order.over([1, 2, 3]), [1, 2, 3]);
});

test("an order that others have made impossible is saved with their changes", async () => {
  const sent = [];
  const put = async (ids) => {
    sent.push(ids);
    if (sent.length === 1) throw changed();
  };
  const order = new SheetOrder(put, async () => [1, 2, 4]);
  order.want([3, 2, 1]);
  assert.equal(await order.save(), true);
  assert.deepEqual(sent, [[3, 2, 1], [2, 4, 1]]);
});

test("against others who do not stop it gives up, and keeps the order", async () => {
  let tries = 0;
  const order = new SheetOrder(async () => {
    tries += 1;
    throw changed();
  }, async () => [1, 2]);
  order.want([2, 1]);
  await assert.rejects(order.save(), { code: "event_changed" });
  assert.equal(tries, 5);
  assert.deepEqual(order.over([1, 2, 3]), [2, 3, 1]);
});

test("what fails is tried again, and only once at a time", async () => {
  let tries = 0;
  const order = new SheetOrder(async () => {
    tries += 1;
    if (tries === 1) throw new Error("lost");
  });
  order.want([2, 1]);
  const [one, other] = [order.save(), order.save()];
  await assert.rejects(one);
  await assert.rejects(other);
  assert.equal(tries, 1);
  assert.equal(order.open, true);
  await order.save();
  assert.equal(order.open, false);
});
