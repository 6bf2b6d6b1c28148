/** A stage that somebody has let in by a pairing code: the code becomes a token of one poll, which the tab keeps. */

import { lasts, pair } from "../client.js";
import { readItem, storageOf } from "../client/storage.js";
import { framed, root } from "./dom.js";

const KEY = `nexus:stage:${root}`;

/** The access of this tab to the poll with this code, as `pair` gave it; null if there is none, and in a frame. */
export function pairedWith(code) {
  const held = framed ? null : readItem(storageOf("tab"), KEY);
  return held?.code === code ? held : null;
}

/** Use a pairing code up: as `pair`, with `kept` saying whether the tab has it when the page is gone. */
export async function usePairing(code) {
  const paired = await pair({ url: root, code });
  storageOf("tab").setItem(KEY, JSON.stringify(paired));
  return { ...paired, kept: lasts("tab") };
}
