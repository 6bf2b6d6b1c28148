/** The parameters of the overlay for streams. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { PARTS, PLACES, SIZES, THEMES, overlayQuery, readOverlay, usualOverlay } from "../../../../nexus/web/screens/overlay.js";

test("every overlay that can be made is read back", () => {
  for (const at of PLACES) {
    for (const size of Object.keys(SIZES)) {
      for (const theme of THEMES) {
        for (const show of [["question"], ["results", "qr"], PARTS]) {
          const read = readOverlay(overlayQuery({ at, size, theme, show }));
          assert.deepEqual(read, { at, size, scale: SIZES[size], theme, show });
        }
      }
    }
  }
});

test("what is usual is not in the address", () => {
  assert.equal(overlayQuery(usualOverlay()), "?overlay=1");
  assert.equal(overlayQuery({ ...usualOverlay(), at: "top" }), "?overlay=1&at=top");
});

test("what cannot be understood is as usual, and other pages are no overlay", () => {
  const odd = readOverlay("?overlay=1&at=<script>&size=99&theme=pink&show=secrets,,");
  assert.deepEqual(odd, { ...usualOverlay(), scale: 1 });
  assert.equal(readOverlay("?overlay=2&at=top"), null);
  assert.equal(readOverlay(""), null);
});
