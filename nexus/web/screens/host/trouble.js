/** Shown instead of a view that could not be loaded: why, and what can be done. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { told } from "./faults.js";
import { back, button, heading } from "./parts.js";

const LASTING = ["forbidden", "poll_not_found", "event_not_found"]; // what another attempt is answered, too

/** Shows `error`; `retry()` tries again, where that can help. */
export class Trouble {
  constructor(error, retry) {
    this.title = say("host.trouble");
    this.heading = heading(say("host.trouble"));
    const text = element("p", { role: "alert" }, told(error));
    const away = say("host.back_to_list");
    const lasts = LASTING.includes(error.code);
    const next = lasts ? element("a", { class: "button main", href: "#/" }, away) : button(say("host.retry"), retry, "main");
    const card = element("div", { class: "card" }, this.heading, text, element("div", { class: "buttons" }, next));
    this.node = element("div", { class: "stack" }, !lasts && back("#/", away), card);
  }
}
