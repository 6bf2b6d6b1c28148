/** What has happened to a poll, in sentences, newest first. */

import { element, fill, write } from "../dom.js";
import { say } from "../words.js";
import { told } from "./faults.js";
import { announce, back, heading, pager, statusLine, timeNode } from "./parts.js";
import { changes, sentence, who } from "./sentences.js";

const PAGE_SIZE = 50;
const ACTIONS = ["create", "update", "correct", "open", "close", "reset", "delete", "vote", "retract", "export", "make_screen"];

/** The view of the history of the poll `id`. */
export class HistoryView {
  #server;
  #id;
  #action = "";
  #page = 1;
  #asked = 0;
  #about = element("p", { class: "about", dir: "auto" });
  #line = statusLine();
  #fault = element("p", { class: "note bad", role: "alert", hidden: true });
  #list = element("ol", { class: "history" });
  #pages = element("nav", { class: "pages", "aria-label": say("host.pages") });

  constructor(server, id) {
    this.#server = server;
    this.#id = id;
    this.title = say("host.history");
    this.heading = heading(say("host.history"));
    const head = element("div", { class: "stack tight" }, this.heading, this.#about);
    const parts = [back(`#/poll/${id}`, say("host.back_to_poll")), head, this.#filter()];
    this.node = element("div", { class: "stack narrow" }, parts, this.#fault, this.#line, this.#list, this.#pages);
  }

  /** Read the poll's question and the first page. */
  async open() {
    const [poll] = await Promise.all([this.#server.call("GET", `/polls/${this.#id}/`), this.#read()]);
    write(this.#about, poll.question);
  }

  #filter() {
    const word = (action) => say(action ? `host.action_${action}` : "host.action_any");
    const choices = ["", ...ACTIONS].map((one) => element("option", { value: one }, word(one)));
    const select = element("select", { id: "action" }, choices);
    select.addEventListener("change", () => {
      this.#action = select.value;
      this.#turn(1);
    });
    const field = element("div", { class: "field" }, element("label", { for: "action" }, say("host.action")), select);
    return element("div", { class: "filters" }, field);
  }

  async #turn(page) {
    this.#page = page;
    try {
      await this.#read();
      this.#fault.hidden = true;
    } catch (error) {
      write(this.#fault, told(error));
      this.#fault.hidden = false;
    }
  }

  async #read() {
    const asked = (this.#asked += 1);
    const query = new URLSearchParams({ page: this.#page, page_size: PAGE_SIZE });
    if (this.#action) query.set("action", this.#action);
    const { count, results } = await this.#server.call("GET", `/polls/${this.#id}/audit/?${query}`);
    if (asked !== this.#asked) return;
    announce(this.#line, count ? say("host.entries", { n: count }) : say("host.no_entries"));
    fill(this.#list, results.map((entry) => item(entry, this.#server.me)));
    const go = async (page) => {
      await this.#turn(page);
      this.heading.focus();
    };
    fill(this.#pages, pager(this.#page, Math.ceil(count / PAGE_SIZE), go));
    this.#pages.hidden = count <= PAGE_SIZE;
  }
}

function item(entry, me) {
  const text = element("p", { dir: "auto" }, sentence(entry));
  const details = changes(entry).map((one) => element("li", { dir: "auto" }, one));
  const changed = details.length > 0 && element("ul", { class: "changes" }, details);
  const facts = element("p", { class: "facts" }, timeNode(entry.timestamp), element("span", {}, who(entry.user, me)));
  return element("li", {}, text, changed, facts);
}
