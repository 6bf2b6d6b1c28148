/** How others find a poll: its code and QR code, its addresses, and the code for other sites. */

import { element, root } from "../dom.js";
import { askFor, invitation, others, picture, staging } from "../invite.js";
import { say } from "../words.js";
import { address } from "./copying.js";
import { embedding } from "./embedding.js";
import { hand } from "./handing.js";
import { announce, button, once, statusLine } from "./parts.js";

const KINDS = ["svg", "png"];

/** A card with all that, under the title `name`, and with `more` buttons. It keeps up with the poll: its code can change. */
export class SharingCard {
  #line = statusLine();
  #content = element("div", { class: "stack" });
  #shown = "";

  #more;

  constructor(name = say("host.sharing"), ...more) {
    this.#more = more;
    const title = element("h2", { id: "sharing" }, name);
    /** The card. */
    this.node = element("section", { class: "card sharing", "aria-labelledby": "sharing" });
    this.node.append(title, this.#content, this.#line);
  }

  /** Show how to get to `poll`. */
  show(poll) {
    const shown = JSON.stringify([poll.code, poll.question]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const live = `live/${poll.code}`;
    const named = element("span", { class: "unseen" }, `${say("host.code")}: `);
    const code = element("p", { class: "code big" }, named, element("bdi", { dir: "ltr" }, poll.code));
    const addresses = [
      address(say("host.address_vote"), `${others}vote/${poll.code}`, this.#line),
      address(say("host.address_live"), others + live, this.#line, staging + live),
    ];
    const hint = element("p", { class: "hint" }, say("host.local_hint"));
    const stream = button(say("hosting.overlay_act"), () => once(stream, () => this.#overlay(poll)));
    const more = element("div", { class: "buttons" }, stream, this.#more);
    const picture = invitation && this.#picture(poll.code);
    const parts = [code, picture, ...addresses, !invitation && hint, more, embedding(poll, this.#line)];
    this.#content.replaceChildren(...parts.filter(Boolean));
  }

  async #overlay(poll) {
    try {
      const { showOverlay } = await import("./overlaying.js");
      showOverlay(poll);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      announce(this.#line, say("shared.unreachable"), true);
    }
  }

  #picture(code) {
    const image = picture(code, say("hosting.qr", { address: `${invitation}vote/${code}` }));
    const saves = element("div", { class: "buttons small" }, KINDS.map((kind) => this.#save(code, kind)));
    const beside = element("div", { class: "stack tight" }, element("p", { class: "hint" }, say("hosting.qr_save")), saves);
    return element("div", { class: "invite" }, image, beside);
  }

  #save(code, kind) {
    const made = button(kind.toUpperCase(), () => once(made, () => this.#hand(code, kind)));
    made.setAttribute("aria-label", say("hosting.qr_save_as", { format: kind.toUpperCase() }));
    return made;
  }

  async #hand(code, kind) {
    announce(this.#line, "");
    try {
      const answer = await askFor(`${root}vote/${code}/qr.${kind}`);
      if (!answer.ok) throw new TypeError(`the picture was answered with ${answer.status}`);
      hand(await answer.blob(), `${code}.${kind}`);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      announce(this.#line, say("shared.unreachable"), true);
    }
  }
}
