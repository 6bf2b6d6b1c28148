/** Shown instead of a view that could not be loaded: why, and what can be done. */

import { element } from "../dom.js";
import { say } from "../words.js";
import { told } from "./faults.js";
import { back, button, heading } from "./parts.js";

/** Shows `error`; `retry()` tries again. */
export class Trouble {
  constructor(error, retry) {
    this.title = say("host.trouble");
    this.heading = heading(say("host.trouble"));
    const text = element("p", { role: "alert" }, told(error));
    const again = button(say("host.retry"), retry, "main");
    const card = element("div", { class: "card" }, this.heading, text, element("div", { class: "buttons" }, again));
    this.node = element("div", { class: "stack" }, back("#/", say("host.back_to_list")), card);
  }
}
