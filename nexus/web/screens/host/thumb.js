/** What lies under the thumb: Back and Next with what they lead to, and above them what has just happened. */

import { element, set, write } from "../dom.js";
import { say } from "../words.js";
import { statusLine } from "./parts.js";

/** The bar; `go(step, pressed)` is called with "next" or "back". */
export class Thumb {
  /** Where news of the connection stands. */
  link = element("p", { class: "note warn", role: "status", hidden: true });
  /** Where is said what has been done, by oneself or by others. */
  line = statusLine();
  #back;
  #next;

  constructor(go) {
    this.#back = new Step("back", () => go("back", this.#back.node));
    this.#next = new Step("next", () => go("next", this.#next.node));
    const pair = element("div", { class: "steps" }, this.#back.node, this.#next.node);
    /** The bar. */
    this.node = element("div", { class: "thumb" }, this.link, this.line, pair);
  }

  /** Show where the steps lead, as `steps` says; where nothing can be done, `why` says so. */
  show({ next, back }, polls, why) {
    this.#next.show(next, polls, why);
    this.#back.show(back, polls, why);
  }
}

class Step {
  #name;
  #named = element("span", { class: "named" });
  #question = element("span", { dir: "auto" });
  #number = element("span", { class: "number" });

  constructor(name, act) {
    this.#name = name;
    this.#named.append(this.#number, this.#question);
    const kind = name === "next" ? "main" : null;
    const text = element("span", { class: "word" }, say(name === "next" ? "control.next" : "control.back"));
    /** The button. */
    this.node = element("button", { type: "button", class: kind, on: { click: act } }, text, this.#named);
  }

  show({ poll, why }, polls, off) {
    const reason = off ?? (why ? say(why) : null);
    const place = poll ? polls.findIndex(({ id }) => id === poll.id) + 1 : "";
    write(this.#number, reason === null ? String(place) : "");
    write(this.#question, reason ?? poll?.question ?? say(this.#name === "next" ? "control.then_end" : "control.then_nothing"));
    set(this.node, "aria-disabled", reason === null ? null : "true");
  }
}
