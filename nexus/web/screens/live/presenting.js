/** What a presenter has on stage: the controls, and a screen that stays on. */

import { framed } from "../dom.js";
import { later } from "../persist.js";
import { Controls } from "./controls.js";

const PRESENTERS = ["host", "presenter"];

/** The controls of `stage` for `room` of `client`; `way` is how the screen entered, `entered()` is called at a login, and
 * `signal` ends them. Rejects with `Unreachable`. */
export async function presenting(client, room, stage, { way, signal, entered }) {
  const host = PRESENTERS.includes(room.role);
  const { Acts } = host ? await later("live/acts") : {}; // an audience's stage has none
  if (signal.aborted) return null;
  const acts = host ? new Acts(client, room, (text, offer) => controls.tell(text, offer)) : {};
  const controls = new Controls(stage, acts, { host, way, signal, entered, poll: () => room.poll });
  if (!framed) stayAwake(signal);
  return controls;
}

/** Keep the screen on until `signal`, as far as the browser can: over plain HTTP it cannot. The system ends a lock when
 * the page is out of sight, so it is asked again when the page is seen again. */
function stayAwake(signal) {
  if (!navigator.wakeLock) return;
  let lock = null;
  const ask = async () => {
    if (document.visibilityState !== "visible" || signal.aborted) return;
    try {
      lock = await navigator.wakeLock.request("screen");
      if (signal.aborted) lock.release();
    } catch (error) {
      // Refused, as by a battery that is low: the system then decides, as it would without this page.
      if (error.name !== "NotAllowedError") throw error;
    }
  };
  document.addEventListener("visibilitychange", ask, { signal });
  signal.addEventListener("abort", () => lock?.release());
  ask();
}
