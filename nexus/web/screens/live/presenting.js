/** What a presenter has on stage: the controls, what covers everything, and a screen that stays on. */

import { Unreachable } from "../../client.js";
import { byId, element, framed } from "../dom.js";
import { invitation } from "../invite.js";
import { later } from "../persist.js";
import { say } from "../words.js";
import { Controls } from "./controls.js";

const PRESENTERS = ["host", "presenter"];
const AWAKE_MS = 10_000; // no display goes dark sooner

/** The controls of `stage` for `place`, a room or an event of `client`; `way` is how the screen entered, `invited()` is the
 * `{code, question}` to join, `entered()` is called at a login, and `signal` ends them. Rejects with `Unreachable`. */
export async function presenting(client, place, stage, { way, signal, entered, invited }) {
  const host = PRESENTERS.includes(place.role);
  const { Acts } = host ? await later("live/acts") : {}; // an audience's stage has none
  if (signal.aborted) return null;
  const acts = host ? new Acts(client, place, (text, offer) => controls.tell(text, offer)) : {};
  const controls = new Controls(stage, acts, { cover: new Cover(signal), host, way, signal, entered, invited, event: Boolean(place.event) });
  if (!framed) stayOn(signal);
  return controls;
}

/** Keep the screen on until `signal`. What does that is loaded after all that is needed before. */
function stayOn(signal) {
  const begin = async () => {
    try {
      if (!signal.aborted) (await later("awake")).stayAwake(signal);
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      stayOn(signal);
    }
  };
  setTimeout(begin, AWAKE_MS);
}

/** At most one cover over the page. */
class Cover {
  #node = null;
  #kind = "";

  constructor(signal) {
    signal.addEventListener("abort", () => this.remove());
  }

  /** What covers the stage: `blank`, `join`, or nothing. */
  get kind() {
    return this.#kind;
  }

  /** Cover the stage with nothing but its ground. Any key or a click brings it back. */
  blank() {
    this.#put("blank", element("p", { class: "unseen", role: "status" }, say("live.blank")));
  }

  /** Cover it with how to join a `poll`, as the lobby says it. Rejects with `Unreachable`; then nothing is covered. */
  async join({ code, question }) {
    this.remove();
    this.#kind = "join";
    try {
      const unreachable = invitation === null; // by anybody else, which concerns the presenter alone
      const [{ lobbyOf }, { sheet }] = await Promise.all([later("live/lobby", ...(unreachable ? ["local"] : [])), later("sheets")]);
      await sheet("lobby");
      const hint = unreachable ? say("local.hint") : "";
      if (this.#kind === "join") this.#put("join", lobbyOf(code, { question, hint }));
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Show the stage again. */
  remove() {
    this.#node?.remove();
    this.#node = null;
    this.#kind = "";
  }

  #put(kind, inside) {
    this.remove();
    this.#kind = kind;
    this.#node = element("div", { class: `cover cover-${kind}`, on: { click: () => this.remove() } }, inside);
    byId("screen").append(this.#node); // in a landmark, as all content is
  }
}
