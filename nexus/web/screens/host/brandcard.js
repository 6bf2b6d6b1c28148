/** The card of a brand: name, logo, colour and stage, and what they look like. */

import { element, fill } from "../dom.js";
import { field } from "../login.js";
import { number, say } from "../words.js";
import { BrandPreview } from "./brandpreview.js";
import { contrast } from "./contrast.js";
import { blameAll } from "./faults.js";
import { LogoField } from "./logofield.js";
import { announce, button, once, statusLine } from "./parts.js";

const WAIT_MS = 150; // after the last change of a colour that is being chosen
const STAGES = ["auto", "light", "dark"];
const USUAL = "#4338ca";

/** The card of the brand at `path`; `kind` is `own` or `site`. */
export class BrandCard {
  #server;
  #path;
  #look = null;
  #line = statusLine();
  #name = element("input", { maxlength: "60", autocomplete: "organization", dir: "auto" });
  #own = element("input", { type: "checkbox" });
  #accent = element("input", { type: "color", value: USUAL, "aria-label": say("brand.accent") });
  #ratios = element("p", { class: "ratios" });
  #stages = new Map();
  #logo;
  #preview = new BrandPreview();
  #waiting = null;
  #asked = 0;
  #saved = "";

  constructor(server, path, kind) {
    this.#server = server;
    this.#path = path;
    this.#logo = new LogoField(server, `${path}logo/`, this.#line, (logo) => this.#paint({ ...this.#look, logo }));
    const title = element("h2", { id: `brand-${kind}` }, say(`brand.${kind}`));
    const head = element("div", { class: "stack tight" }, title, element("p", { class: "hint" }, say(`brand.${kind}_hint`)));
    const parts = element("div", { class: "brandcard" }, this.#form(kind), this.#preview.node);
    /** The card. */
    this.node = element("section", { class: "card", "aria-labelledby": `brand-${kind}` }, head, parts);
  }

  /** Read the brand. Rejects as calls do. */
  async open() {
    this.#take(await this.#server.call("GET", this.#path));
  }

  /** Whether something has changed and is not saved. */
  get dirty() {
    return this.#look !== null && told(this.#look) !== this.#saved;
  }

  #form(kind) {
    const submit = element("button", { class: "main" }, say("brand.save"));
    const form = element("form", { class: "stack", novalidate: true });
    form.append(field(say("brand.name"), this.#name, { id: `brand-${kind}-name` }), this.#logo.node, this.#colour(), this.#stage(kind));
    const remove = button(say("brand.remove"), () => once(remove, () => this.#remove()), "plain");
    form.append(element("div", { class: "buttons" }, submit, remove), this.#line);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      once(submit, () => this.#save());
    });
    this.#name.addEventListener("input", () => this.#paint({ ...this.#look, name: this.#name.value.trim() }));
    return form;
  }

  #colour() {
    this.#own.addEventListener("change", () => this.#ask());
    this.#accent.addEventListener("input", () => {
      this.#own.checked = true;
      clearTimeout(this.#waiting);
      this.#waiting = setTimeout(() => this.#ask(), WAIT_MS);
    });
    const own = element("label", { class: "switch" }, this.#own, say("brand.own_accent"));
    return element("div", { class: "field" }, element("div", { class: "accent" }, own, this.#accent), this.#ratios);
  }

  #stage(kind) {
    const choices = STAGES.map((one) => {
      const input = element("input", { type: "radio", name: `stage-${kind}`, value: one });
      input.addEventListener("change", () => this.#paint({ ...this.#look, stage: one }));
      this.#stages.set(one, input);
      return element("label", { class: "switch" }, input, say(`brand.stage_${one}`));
    });
    return element("fieldset", { class: "stages" }, element("legend", {}, say("brand.stage")), choices);
  }

  /** The colours that the accent would have. */
  async #ask() {
    const turn = (this.#asked += 1);
    const accent = this.#own.checked ? this.#accent.value : null;
    const query = new URLSearchParams({ accent });
    const none = { light: null, dark: null };
    const made = accent ? await this.#server.call("GET", `/brand/colours/?${query}`).catch(() => none) : none;
    if (turn === this.#asked) this.#paint({ ...this.#look, accent, ...made });
  }

  #take(look) {
    this.#name.value = look.name;
    this.#own.checked = look.accent !== null;
    this.#accent.value = look.accent ?? USUAL;
    this.#stages.get(look.stage).checked = true;
    this.#logo.show(look.logo);
    this.#saved = told(look);
    this.#paint(look);
  }

  #paint(look) {
    this.#look = look;
    this.#accent.hidden = !this.#own.checked; // one that is not used says nothing
    this.#preview.show(look);
    fill(this.#ratios, ["light", "dark"].filter((scheme) => look[scheme]).map((scheme) => sample(scheme, look[scheme])));
  }

  async #save() {
    const { name, accent, stage } = this.#look;
    announce(this.#line, "");
    try {
      this.#take(await this.#server.call("PUT", this.#path, { name, accent, stage }));
      announce(this.#line, say("brand.saved"));
    } catch (error) {
      announce(this.#line, blameAll({ name: this.#name }, error), true);
    }
  }

  async #remove() {
    announce(this.#line, "");
    try {
      await this.#server.call("DELETE", `${this.#path}logo/`);
      this.#take(await this.#server.call("PUT", this.#path, {}));
      announce(this.#line, say("brand.removed"));
    } catch (error) {
      announce(this.#line, blameAll({}, error), true);
    }
  }
}

function told({ name, accent, stage }) {
  return JSON.stringify([name, accent, stage]);
}

/** A piece of text in the colour that the accent has in a scheme, with its contrast. */
function sample(scheme, { accent, on_accent: on }) {
  const ratio = `${number(Math.floor(contrast(accent, on) * 10) / 10)}:1`;
  const made = element("span", {}, say(`brand.contrast_${scheme}`, { ratio }));
  made.style.setProperty("background-color", accent);
  made.style.setProperty("color", on);
  return made;
}
