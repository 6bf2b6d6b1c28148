/** What covers the stage: nothing at all, or how to join, for the whole room. */

import { byId, element } from "../dom.js";
import { later } from "../persist.js";
import { say } from "../words.js";

/** At most one cover over the page. */
export class Cover {
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
      const [{ lobbyOf }, { sheet }] = await Promise.all([later("live/lobby"), later("sheets")]);
      await sheet("lobby");
      if (this.#kind === "join") this.#put("join", lobbyOf(code, question));
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
