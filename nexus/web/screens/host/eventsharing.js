/** How others find an event: its code and addresses, and the link for a screen. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { snippet } from "./copying.js";
import { told } from "./faults.js";
import { announce, button, once, statusLine } from "./parts.js";
import { SharingCard } from "./sharing.js";

/** A card with all that. */
export class EventSharing {
  #server;
  #id = null;
  #line = statusLine();
  #ask = button(say("event.screen_act"), () => once(this.#ask, () => this.#make()));
  #card = new SharingCard(say("event.sharing"), this.#ask);
  #place = element("div", { class: "stack tight", hidden: true });

  constructor(server) {
    this.#server = server;
    /** The card. */
    this.node = this.#card.node;
    this.node.append(this.#place, this.#line);
  }

  /** Show how to get to `event`. */
  show({ id, code, title }) {
    this.#id = id;
    this.#card.show({ code, question: title });
  }

  async #make() {
    announce(this.#line, "");
    try {
      const { url } = await this.#server.call("POST", `/events/${this.#id}/screen/`);
      const hint = element("p", { class: "hint" }, say("event.screen_hint"));
      this.#place.replaceChildren(snippet(say("event.screen_link"), url, this.#line), hint);
      this.#place.hidden = false;
      this.#place.querySelector("button").focus();
    } catch (error) {
      announce(this.#line, told(error), true);
    }
  }
}
