/** The overlay for streaming software: chosen beside a sketch of it, and copied as an address. */

import { element, fill, set } from "../dom.js";
import { others } from "../invite.js";
import { PARTS, PLACES, SIZES, THEMES, overlayQuery, usualOverlay } from "../overlay.js";
import { say } from "../words.js";
import { address } from "./copying.js";
import { button, labelled, statusLine } from "./parts.js";

const SHARES = [1, 0.6, 0.3]; // of the bars in the sketch

/** Show a dialog in which the overlay of `poll` is chosen. */
export function showOverlay(poll) {
  new Overlaying(poll).open();
}

class Overlaying {
  #poll;
  #chosen = usualOverlay();
  #line = statusLine();
  #panel = element("div", { class: "panel" });
  #address = element("div");
  #buttons = element("div", { class: "buttons end" });
  #dialog;

  constructor(poll) {
    this.#poll = poll;
    const title = element("h2", { id: "overlay" }, say("hosting.overlay"));
    const hint = element("p", { class: "hint" }, say("hosting.overlay_hint"));
    const sketch = element("div", { class: "sketch", "aria-hidden": "true" }, this.#panel);
    const selects = element("div", { class: "selects" }, this.#select("at", PLACES));
    selects.append(this.#select("size", Object.keys(SIZES)), this.#select("theme", THEMES));
    const legend = element("legend", {}, say("hosting.overlay_show"));
    const parts = element("fieldset", { class: "choices parts" }, legend, PARTS.map((part) => this.#part(part)));
    this.#dialog = element("dialog", { class: "overlaying", "aria-labelledby": "overlay" });
    this.#dialog.append(title, hint, sketch, selects, parts, this.#address, this.#line, this.#buttons);
  }

  open() {
    this.#dialog.addEventListener("close", () => this.#dialog.remove());
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#paint();
  }

  #select(name, values) {
    const option = (value) => element("option", { value }, say(`hosting.overlay_${name}_${value.replace("-", "_")}`));
    const made = element("select", { id: `overlay-${name}` }, values.map(option));
    made.value = this.#chosen[name];
    made.addEventListener("change", () => this.#choose({ [name]: made.value }));
    return labelled(say(`hosting.overlay_${name}`), made);
  }

  #part(part) {
    const box = element("input", { type: "checkbox", id: `overlay-${part}`, checked: this.#chosen.show.includes(part) });
    box.addEventListener("change", () => {
      const show = PARTS.filter((one) => (one === part ? box.checked : this.#chosen.show.includes(one)));
      if (show.length) this.#choose({ show });
      else box.checked = true; // an overlay of nothing is none
    });
    return element("label", { class: "switch", for: box.id }, box, say(`hosting.overlay_show_${part}`));
  }

  #choose(chosen) {
    Object.assign(this.#chosen, chosen);
    this.#paint();
  }

  #paint() {
    const { at, size, theme, show } = this.#chosen;
    for (const [name, value] of Object.entries({ at, size, theme })) set(this.#panel, `data-${name}`, value);
    const bars = SHARES.map((share) => {
      const bar = element("span", { class: "share" });
      bar.style.inlineSize = `${share * 100}%`;
      return bar;
    });
    const drawn = {
      question: element("span", { class: "asked", dir: "auto" }, this.#poll.question),
      results: element("span", { class: "lines" }, bars),
      turnout: element("span", { class: "turnout" }),
      join: element("span", { class: "code" }, this.#poll.code),
      qr: element("span", { class: "qr" }),
    };
    fill(this.#panel, show.map((part) => drawn[part]));
    const url = `${others}live/${this.#poll.code}${overlayQuery(this.#chosen)}`;
    const made = address(say("hosting.overlay_address"), url, this.#line);
    const copies = made.querySelector("button");
    set(copies, "class", "main"); // what the dialog is for
    fill(this.#address, made);
    fill(this.#buttons, button(say("shared.close"), () => this.#dialog.close()), copies);
  }
}
