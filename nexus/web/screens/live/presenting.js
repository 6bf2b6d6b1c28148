/** What a presenter has on stage: the controls, and a screen that stays on. */

import { framed } from "../dom.js";
import { Acts } from "./acts.js";
import { stayAwake } from "./awake.js";
import { Controls } from "./controls.js";

const PRESENTERS = ["host", "presenter"];

/** The controls of `stage` for `room` of `client`; `way` is how the screen entered, `entered()` is called at a login, and
 * `signal` ends them. */
export function presenting(client, room, stage, { way, signal, entered }) {
  const acts = new Acts(client, room, (text, offer) => controls.tell(text, offer));
  const host = PRESENTERS.includes(room.role);
  const controls = new Controls(stage, acts, { host, way, signal, entered, code: () => room.poll.code });
  if (!framed) stayAwake(signal);
  return controls;
}
