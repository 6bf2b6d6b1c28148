/** Whether the server is in touch, for who must not act on what is out of date: short interruptions do not count. */

import { locale } from "../words.js";

const PATIENCE_MS = 1000;

/** Follows `client`; `changed(touch, before)` is called when it has got in touch or out of it. */
export class Contact {
  /** `{since, late}`: since which time of day the server is out of touch, or null; and whether what is shown is some
   * seconds late, since no socket opens. */
  touch = { since: null, late: false };
  #changed;
  #timer = null;
  #unlisten;

  constructor(client, changed) {
    this.#changed = changed;
    this.#unlisten = client.on("state", (state) => this.#hear(state));
    this.#hear(client.state);
  }

  /** Hear nothing more. */
  end() {
    this.#unlisten();
    clearTimeout(this.#timer);
  }

  #hear({ name, via }) {
    if (name === "open") {
      clearTimeout(this.#timer);
      this.#timer = null;
      this.#tell({ since: null, late: via === "http" });
    } else {
      const since = new Date().toLocaleTimeString(locale);
      this.#timer ??= setTimeout(() => this.#tell({ since, late: false }), PATIENCE_MS);
    }
  }

  #tell(touch) {
    const before = this.touch;
    this.touch = touch;
    if (touch.since !== before.since || touch.late !== before.late) this.#changed(touch, before);
  }
}
