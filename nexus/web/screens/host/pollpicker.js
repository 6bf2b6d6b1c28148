/** Choosing polls of one's own, to copy each into an event. */

import { element, fill } from "../dom.js";
import { say } from "../words.js";
import { told } from "./faults.js";
import { Newest } from "./newest.js";
import { wholePage } from "./pages.js";
import { announce, badge, button, labelled, once, statusLine } from "./parts.js";

const PAGE_SIZE = 10;
const TYPING_MS = 300;
const LONGEST = 200; // of a search

/** Offer the polls of who is logged in at `server`, in a dialog; `copy(poll)` is called with each that is chosen, and
 * rejects as calls do. */
export function pickPoll(server, copy) {
  new Picker(server, copy).open();
}

class Picker {
  #server;
  #copy;
  #newest = new Newest();
  #line = statusLine();
  #list = element("ul", { class: "picks" });
  #input = element("input", { type: "search", id: "pick-search", maxlength: LONGEST, autocomplete: "off" });
  #typing = null;
  #dialog;

  constructor(server, copy) {
    this.#server = server;
    this.#copy = copy;
    const title = element("h2", { id: "picker" }, say("event.pick_title"));
    const search = labelled(say("host.search"), this.#input);
    const close = button(say("shared.close"), () => this.#dialog.close());
    const foot = element("div", { class: "buttons end" }, close);
    this.#dialog = element("dialog", { class: "picker", "aria-labelledby": "picker" }, title, search);
    this.#dialog.append(this.#newest.fault, this.#list, this.#line, foot);
    this.#input.addEventListener("input", () => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#find(), TYPING_MS);
    });
  }

  open() {
    this.#dialog.addEventListener("close", () => {
      clearTimeout(this.#typing);
      this.#dialog.remove();
    });
    document.body.append(this.#dialog);
    this.#dialog.showModal();
    this.#input.focus();
    this.#find();
  }

  async #find() {
    const query = new URLSearchParams({ created_by: "me", page_size: PAGE_SIZE });
    if (this.#input.value.trim()) query.set("search", this.#input.value.trim());
    await this.#newest.attempt(async () => {
      const found = await this.#newest.of(wholePage(this.#server, query));
      if (!found) return;
      fill(this.#list, found.results.map((poll) => this.#row(poll)));
      announce(this.#line, found.count ? "" : say("host.none_found"));
    });
  }

  #row(poll) {
    const name = element("span", { class: "name", dir: "auto", id: `pick-${poll.id}` }, poll.question);
    const add = button(say("event.pick_act"), () => once(add, () => this.#take(poll)), "soft");
    add.setAttribute("aria-describedby", name.id);
    return element("li", {}, element("div", {}, name, badge(poll.status)), add);
  }

  async #take(poll) {
    announce(this.#line, "");
    try {
      await this.#copy(poll);
      announce(this.#line, say("event.picked", { question: poll.question }));
    } catch (error) {
      announce(this.#line, told(error), true);
    }
  }
}
