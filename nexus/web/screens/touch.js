/** Whether a screen is connected to the server, shown honestly and without flicker. */

import { TurnedAway } from "../client.js";
import { element, fill } from "./dom.js";
import { locale, reason, say } from "./words.js";

const PATIENCE_MS = 1000; // shorter interruptions are not mentioned

/** Shows the state of `client` in `node`, a live region, and on `document.body.dataset.touch`: `good`, `late` or
 * `lost`. `ended(error)` may replace what is said when the client has ended permanently: it returns nodes, or null.
 * `lost(since)` is the sentence for a lost connection. */
export class Touch {
  #node;
  #ended;
  #lost;
  #lostAt = null;
  #timer = null;
  #unlisten;

  constructor(node, client, ended = () => null, lost = (since) => say("shared.link_waiting", { since })) {
    this.#node = node;
    this.#ended = ended;
    this.#lost = lost;
    this.#hear(client.state);
    this.#unlisten = client.on("state", (state) => this.#hear(state));
  }

  /** Show nothing more: another client takes over. */
  end() {
    this.#unlisten();
    clearTimeout(this.#timer);
  }

  #hear(state) {
    this.#node.dataset.state = state.name;
    clearTimeout(this.#timer);
    if (state.name === "open") {
      this.#lostAt = null;
      this.#say(state.via === "http" ? "late" : "good", state.via === "http" ? say("shared.link_http") : null);
    } else if (state.name === "closed") {
      this.#say("lost", ...this.#farewell(state.error));
    } else {
      this.#lostAt ??= Date.now();
      const wait = Math.max(0, this.#lostAt + PATIENCE_MS - Date.now());
      this.#timer = setTimeout(() => this.#say("lost", this.#missing()), wait);
    }
  }

  #missing() {
    const since = new Date(this.#lostAt).toLocaleTimeString(locale);
    return document.body.dataset.touch ? this.#lost(since) : say("shared.link_connecting");
  }

  #farewell(error) {
    const said = this.#ended(error);
    if (said) return said;
    const ended = error instanceof TurnedAway && error.code === 4501;
    const text = ended ? say("shared.link_expired") : say("shared.link_closed", { reason: reason(error) });
    return [text, element("button", { on: { click: () => location.reload() } }, say("shared.reload"))];
  }

  #say(touch, ...said) {
    document.body.dataset.touch = touch;
    fill(this.#node, ...said);
    this.#node.hidden = !said.some(Boolean);
  }
}
