/** An event from the file of another: shown as it will be before it is created. */

import { Unreachable } from "../../client.js";
import { element, fill, set, write } from "../dom.js";
import { field } from "../login.js";
import { say } from "../words.js";
import { exceeds, isLarge, readDefinition, wrongIn } from "./definition.js";
import { told } from "./faults.js";
import { leave } from "./notice.js";
import { announce, back, heading, once, statusLine } from "./parts.js";
import { SheetPreview } from "./sheetpreview.js";
import { Creation } from "./takingsheet.js";

/** The view. */
export class EventFileView {
  #creation;
  #file = element("input", { name: "file", type: "file", accept: ".json,application/json" });
  #line = statusLine();
  #faults = element("ul", { class: "faults", hidden: true, tabindex: "-1" });
  #title = element("h2", { id: "preview", dir: "auto" });
  #count = element("p", { class: "hint" });
  #preview = new SheetPreview(() => {});
  #submit = element("button", { type: "button", class: "main", on: { click: () => once(this.#submit, () => this.#create()) } });
  #shown;
  #found = null;
  #done = false;

  constructor(server) {
    this.#creation = new Creation((...call) => server.call(...call));
    this.title = say("runsheet.file_new");
    this.heading = heading(this.title);
    write(this.#submit, say("event.create"));
    this.#file.addEventListener("change", () => this.#read(this.#file.files[0]));
    const card = element("div", { class: "card" }, field(say("runsheet.file"), this.#file, { hint: say("runsheet.file_hint") }), this.#line);
    this.#shown = element("section", { class: "card", "aria-labelledby": "preview", hidden: true });
    const buttons = element("div", { class: "buttons" }, this.#submit);
    this.#shown.append(this.#title, this.#count, this.#faults, this.#preview.node, buttons);
    this.node = element("div", { class: "stack narrow" }, back("#/events", say("event.events")), this.heading, card, this.#shown);
  }

  /** Whether leaving now would lose something. */
  get dirty() {
    return this.#found !== null && !this.#done;
  }

  /** There is nothing to read. */
  async open() {}

  async #read(file) {
    this.#found = null;
    this.#shown.hidden = this.#faults.hidden = true;
    if (!file) return announce(this.#line, "");
    if (isLarge(file)) return announce(this.#line, say("runsheet.file_large"), true);
    const found = readDefinition(await file.text().catch(() => ""));
    if (found && exceeds(found.body)) return announce(this.#line, say("runsheet.file_large"), true);
    this.#found = found;
    announce(this.#line, this.#found ? "" : say("runsheet.file_wrong"), true);
    if (this.#found) this.#show(this.#found);
  }

  #show({ body, polls }) {
    write(this.#title, body.title);
    const who = [say(body.is_public === false ? "event.private" : "event.listed")];
    if (body.allow_guests === false) who.push(say("event.members"));
    write(this.#count, [say("event.questions", { n: polls.length }), ...who].join(" · "));
    this.#preview.show(polls);
    this.#shown.hidden = false;
  }

  async #create() {
    announce(this.#line, say("host.saving"));
    set(this.#file, "disabled", true); // what may have been created is looked up by what it says
    try {
      const id = await this.#creation.run(this.#found.body);
      this.#done = true;
      leave(say("runsheet.added"));
      location.hash = `#/event/${id}`;
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error) {
    const lost = error instanceof Unreachable;
    set(this.#file, "disabled", lost);
    const wrong = error.errors ?? [];
    fill(this.#faults, wrongIn(wrong).map((text) => element("li", { dir: "auto" }, text)));
    this.#faults.hidden = !wrong.length;
    const text = wrong.length ? say("runsheet.faults", { n: wrong.length }) : told(error);
    announce(this.#line, lost ? say("runsheet.create_unsure") : text, true);
    if (wrong.length) this.#faults.focus();
  }
}
