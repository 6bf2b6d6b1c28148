/** The field for a logo: chosen or dropped, it is sent at once. */

import { Refused } from "../../client.js";
import { element, fill } from "../dom.js";
import { brandMark, say } from "../words.js";
import { told } from "./faults.js";
import { announce, button, once } from "./parts.js";

const LARGEST_BYTES = 512 * 1024;
const KINDS = "image/png,image/jpeg,image/webp,image/gif";

/** A field for the logo at `path`, which tells `line` how it went, and `changed(logo)` what it is now. */
export class LogoField {
  #server;
  #path;
  #line;
  #changed;
  #file = element("input", { type: "file", accept: KINDS, class: "unseen", tabindex: "-1", "aria-hidden": "true" });
  #place = element("div", { class: "shown" });
  #choose = button(say("brand.choose"), () => this.#file.click());
  #drop = button(say("brand.remove_logo"), () => once(this.#drop, () => this.#remove()), "plain");

  constructor(server, path, line, changed) {
    this.#server = server;
    this.#path = path;
    this.#line = line;
    this.#changed = changed;
    this.#file.addEventListener("change", () => this.#send(this.#file.files[0]));
    const acts = element("div", { class: "buttons" }, this.#choose, this.#drop, this.#file);
    const hint = element("p", { class: "hint" }, say("brand.logo_hint"));
    const zone = element("div", { class: "logozone" }, this.#place, acts, hint);
    this.#receive(zone);
    /** The field. */
    this.node = element("div", { class: "field", role: "group", "aria-label": say("brand.logo") },
      element("span", { class: "label" }, say("brand.logo")), zone);
  }

  /** Show a logo, or that there is none. */
  show(logo) {
    this.#drop.hidden = !logo;
    this.#place.hidden = !logo;
    fill(this.#place, logo && brandMark({ logo, name: say("brand.logo") }));
  }

  #receive(zone) {
    const over = (is) => (event) => {
      event.preventDefault();
      zone.classList.toggle("over", is);
    };
    for (const name of ["dragenter", "dragover"]) zone.addEventListener(name, over(true));
    zone.addEventListener("dragleave", over(false));
    zone.addEventListener("drop", (event) => {
      over(false)(event);
      this.#send(event.dataTransfer.files[0]);
    });
  }

  async #send(file) {
    if (!file) return;
    announce(this.#line, "");
    if (file.size > LARGEST_BYTES) {
      announce(this.#line, say("brand.too_large"), true);
      return;
    }
    await once(this.#choose, () => this.#put(file));
    this.#file.value = "";
  }

  async #put(file) {
    try {
      const answer = await this.#server.stream(this.#path, { method: "PUT", body: file });
      const found = await answer.json();
      if (!answer.ok) throw new Refused(found.code, found.detail, { status: answer.status });
      this.#take(found.logo);
      announce(this.#line, say("brand.saved"));
    } catch (error) {
      const lost = error instanceof TypeError || error instanceof SyntaxError;
      announce(this.#line, lost ? say("shared.unreachable") : bad(error), true);
    }
  }

  async #remove() {
    try {
      await this.#server.call("DELETE", this.#path);
      this.#take(null);
      this.#choose.focus();
    } catch (error) {
      announce(this.#line, told(error), true);
    }
  }

  #take(logo) {
    this.show(logo);
    this.#changed(logo);
  }
}

function bad(error) {
  return error.code === "bad_logo" ? say("brand.bad_logo") : told(error);
}
