/** The order of totals (docs/contract.md, "Words"). */

import assert from "node:assert/strict";
import { test } from "node:test";

import { isNewer } from "../../../../nexus/web/client.js";

const at = (epoch, version, visibility = "full") => ({ epoch, version, visibility });

test("a higher version or round is newer, and nothing else is", () => {
  assert.equal(isNewer(at(1, 2), at(1, 1)), true);
  assert.equal(isNewer(at(2, 1), at(1, 9)), true);
  assert.equal(isNewer(at(1, 9), at(2, 1)), false);
  assert.equal(isNewer(at(1, 1), at(1, 1)), false);
  assert.equal(isNewer(at(1, 1), null), true);
});

test("at the same place the full one replaces that of turnout, and never the other way", () => {
  assert.equal(isNewer(at(1, 1), at(1, 1, "turnout")), true);
  assert.equal(isNewer(at(1, 1, "turnout"), at(1, 1)), false);
  assert.equal(isNewer(at(1, 2, "turnout"), at(1, 1)), true);
});
