/** How others find a poll: its code, its addresses, and the link for a screen where nobody logs in. */

import { element, fill } from "../dom.js";
import { invitation, others, staging } from "../invite.js";
import { say } from "../words.js";
import { address } from "./copying.js";
import { embedding } from "./embedding.js";
import { told } from "./faults.js";
import { announce, button, once, statusLine } from "./parts.js";

/** A card with the code and addresses of `poll`, and the code for other sites. */
export class SharingCard {
  #server;
  #id;
  #live;
  #line = statusLine();
  #place = element("div", { class: "stack tight", hidden: true });
  #make = button(say("host.screen_make"), () => once(this.#make, () => this.#makeScreen()));

  constructor(server, poll) {
    this.#server = server;
    this.#id = poll.id;
    const title = element("h2", { id: "sharing" }, say("host.sharing"));
    const named = element("span", { class: "unseen" }, `${say("host.code")}: `);
    const code = element("p", { class: "code big" }, named, poll.code);
    this.#live = `live/${poll.code}`;
    const addresses = [
      address(say("host.address_vote"), `${others}vote/${poll.code}`, this.#line),
      address(say("host.address_live"), others + this.#live, this.#line, staging + this.#live),
      !invitation && element("p", { class: "hint" }, say("host.local_hint")),
    ];
    const head = element("h3", {}, say("host.screen"));
    const hint = element("p", { class: "hint" }, say("host.screen_hint"));
    const screen = element("div", { class: "stack tight" }, head, hint, this.#make, this.#place);
    /** The card. */
    this.node = element("section", { class: "card", "aria-labelledby": "sharing" });
    this.node.append(...[title, code, ...addresses, screen, embedding(poll, this.#line), this.#line].filter(Boolean));
  }

  async #makeScreen() {
    try {
      const { access } = await this.#server.call("POST", `/polls/${this.#id}/screen/`);
      this.#show(`${others}${this.#live}#token=${access}`); // this page may know its address better than the server
      announce(this.#line, say("host.screen_made"));
    } catch (error) {
      announce(this.#line, told(error), true);
    }
  }

  #show(url) {
    const warning = element("p", { class: "note warn" }, say("host.screen_warning"));
    const made = address(say("host.screen"), url, this.#line);
    made.classList.add("long");
    made.append(element("a", { class: "button", href: url, target: "_blank", rel: "noopener" }, say("host.open_link")));
    fill(this.#place, made, warning);
    this.#place.hidden = false;
    fill(this.#make, say("host.screen_again"));
  }
}
