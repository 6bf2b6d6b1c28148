/** Whether the server is in touch, for who must not act on what is out of date: short interruptions do not count. */

import { locale } from "../words.js";

const PATIENCE_MS = 1000;

/** Follows `client`; `changed(since)` is called with the time of day since when it is out of touch, and with null once it
 * is back. */
export class Contact {
  /** Since when the server is out of touch; null while it is not. */
  since = null;
  #changed;
  #timer = null;
  #unlisten;

  constructor(client, changed) {
    this.#changed = changed;
    this.#hear(client.state);
    this.#unlisten = client.on("state", (state) => this.#hear(state));
  }

  /** Hear nothing more. */
  end() {
    this.#unlisten();
    clearTimeout(this.#timer);
  }

  #hear({ name }) {
    if (name !== "open") {
      const since = new Date().toLocaleTimeString(locale);
      this.#timer ??= setTimeout(() => this.#tell(since), PATIENCE_MS);
      return;
    }
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.since !== null) this.#tell(null);
  }

  #tell(since) {
    this.since = since;
    this.#changed(since);
  }
}
