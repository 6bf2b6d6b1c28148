/** Shown to an account of an OpenID provider that has no role for creating polls. */

import { element } from "../dom.js";
import { brandMark, say } from "../words.js";
import { button, heading, once } from "./parts.js";

/** The view; `logout()` ends the login. */
export class VoterView {
  constructor(logout) {
    this.title = say("provider.voter_title");
    this.heading = heading(this.title);
    const out = button(say("hosting.logout"), () => once(out, logout), "main");
    const vote = element("a", { class: "button", href: "./" }, say("provider.voter_vote"));
    const text = element("p", {}, say("provider.voter_text"));
    const brand = element("p", { class: "brand" }, brandMark());
    const card = element("div", { class: "card" }, text, element("div", { class: "buttons" }, out, vote));
    this.node = element("div", { class: "access" }, brand, this.heading, card);
  }

  async open() {}
}
