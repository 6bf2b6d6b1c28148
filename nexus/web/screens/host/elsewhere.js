/** Showing a poll on another device: an address and a short code that is typed there, once. */

import { element, fill, set, write } from "../dom.js";
import { others } from "../invite.js";
import { everySecond, span } from "../time.js";
import { say } from "../words.js";
import { told } from "./faults.js";
import { unbroken } from "./copying.js";
import { announce, button, once, statusLine } from "./parts.js";

const ROLES = ["presenter", "screen"];

/** Ask for a code of `poll` and show it in a dialog, until that is closed. */
export function showElsewhere(server, poll) {
  new Elsewhere(server, poll).open();
}

class Elsewhere {
  #server;
  #poll;
  #role = ROLES[0];
  #until = 0;
  #asked = 0;
  #line = statusLine();
  #code = element("p", { class: "pairing", dir: "ltr", role: "status" });
  #left = element("p", { class: "hint" });
  #again = button(say("hosting.pairing_again"), () => once(this.#again, () => this.#ask()));
  #dialog;

  constructor(server, poll) {
    this.#server = server;
    this.#poll = poll;
    const title = element("h2", { id: "elsewhere" }, say("hosting.elsewhere"));
    const address = element("p", { class: "to", dir: "ltr" }, unbroken(`${others}live`));
    const step = (n, text, ...more) => element("li", {}, element("p", {}, text), ...more);
    const steps = element("ol", { class: "steps" });
    steps.append(step(1, say("hosting.pairing_open"), address));
    steps.append(step(2, say("hosting.pairing_type"), this.#code, this.#left));
    const close = button(say("shared.close"), () => this.#dialog.close());
    const buttons = element("div", { class: "buttons end" }, this.#again, close);
    this.#dialog = element("dialog", { class: "elsewhere", "aria-labelledby": "elsewhere" });
    this.#dialog.append(title, this.#choice(), steps, this.#line, buttons);
  }

  open() {
    const stop = everySecond(() => this.#server.client.now(), () => this.#tick());
    this.#dialog.addEventListener("close", () => {
      stop();
      this.#asked += 1; // a code that comes now is shown to nobody
      this.#dialog.remove();
    });
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#ask();
  }

  #choice() {
    const radio = (role) => {
      const id = `pairing-${role}`;
      const taken = { change: () => this.#take(role) };
      const input = element("input", { type: "radio", name: "pairing", id, checked: role === this.#role, on: taken });
      set(input, "aria-describedby", `${id}-hint`);
      const hint = element("p", { class: "hint", id: `${id}-hint` }, say(`hosting.pairing_${role}_hint`));
      const label = element("label", { for: id }, say(`hosting.pairing_${role}`));
      return element("div", { class: "choice" }, input, element("div", {}, label, hint));
    };
    const legend = element("legend", { class: "unseen" }, say("hosting.pairing_role"));
    return element("fieldset", { class: "choices" }, legend, ROLES.map(radio));
  }

  #take(role) {
    this.#role = role;
    this.#ask();
  }

  async #ask() {
    const asked = (this.#asked += 1);
    this.#until = 0;
    fill(this.#code);
    announce(this.#line, "");
    try {
      const made = await this.#server.call("POST", `/polls/${this.#poll.id}/pairing/`, { role: this.#role });
      if (asked !== this.#asked) return;
      this.#until = Date.parse(made.expires_at);
      fill(this.#code, halves(made.code));
      this.#tick();
    } catch (error) {
      if (asked === this.#asked) announce(this.#line, told(error), true);
    }
  }

  #tick() {
    const left = this.#until - this.#server.client.now();
    const over = this.#until > 0 && left <= 0;
    set(this.#code, "data-over", over);
    set(this.#again, "class", over ? "main" : null);
    const text = over ? say("hosting.pairing_over") : say("hosting.pairing_left", { time: span(left) });
    write(this.#left, this.#until ? text : "");
  }
}

/** A code in two parts, as people read and type it. */
function halves(code) {
  const half = code.length / 2;
  return [element("span", {}, code.slice(0, half)), " ", element("span", {}, code.slice(half))];
}
