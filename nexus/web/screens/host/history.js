/** What has happened to a poll, in sentences, newest first. */

import { element, fill, write } from "../dom.js";
import { say } from "../words.js";
import { Newest } from "./newest.js";
import { announce, back, heading, labelled, pager, statusLine, timeNode } from "./parts.js";
import { changes, sentence, who } from "./sentences.js";

const PAGE_SIZE = 50;
const MINUTE_MS = 60_000;
const ACTIONS = ["create", "update", "correct", "open", "close", "reset", "delete", "vote", "retract", "export", "make_screen"];

/** The view of the history of the poll `id`. */
export class HistoryView {
  #server;
  #id;
  #action = "";
  #page = 1;
  #about = element("p", { class: "about", dir: "auto" });
  #line = statusLine();
  #newest = new Newest();
  #list = element("ol", { class: "history" });
  #pages = element("nav", { class: "pages", "aria-label": say("host.pages") });

  constructor(server, id) {
    this.#server = server;
    this.#id = id;
    this.title = say("host.history");
    this.heading = heading(say("host.history"));
    const head = element("div", { class: "stack tight" }, this.heading, this.#about);
    const parts = [back(`#/poll/${id}`, say("host.back_to_poll")), head, this.#filter()];
    this.node = element("div", { class: "stack narrow" }, parts, this.#newest.fault, this.#line, this.#list, this.#pages);
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
    return element("div", { class: "filters" }, labelled(say("host.action"), select));
  }

  async #turn(page) {
    this.#page = page;
    await this.#newest.attempt(() => this.#read());
  }

  async #read() {
    const query = new URLSearchParams({ page: this.#page, page_size: PAGE_SIZE });
    if (this.#action) query.set("action", this.#action);
    const found = await this.#newest.of(this.#server.call("GET", `/polls/${this.#id}/audit/?${query}`));
    if (!found) return;
    const { count, results } = found;
    announce(this.#line, count ? say("host.entries", { n: count }) : say("host.no_entries"));
    fill(this.#list, rows(results).map((row) => (row.length > 1 ? votes(row, this.#server.me) : item(row[0], this.#server.me))));
    const go = async (page) => {
      await this.#turn(page);
      this.heading.focus();
    };
    fill(this.#pages, pager(this.#page, Math.ceil(count / PAGE_SIZE), go));
    this.#pages.hidden = count <= PAGE_SIZE;
  }
}

/** Entries in rows: votes of one minute that follow each other share one. Whatever else is in its minute, a poll was
 * created first: the votes of an anonymous one are told by their minute. */
function rows(entries) {
  const first = ({ action, target_type: type }) => action === "create" && type === "poll";
  const made = [];
  for (const entry of [...entries.filter((one) => !first(one)), ...entries.filter(first)]) {
    const before = made[made.length - 1];
    if (before && isVote(entry) && isVote(before[0]) && minute(entry) === minute(before[0])) before.push(entry);
    else made.push([entry]);
  }
  return made;
}

function isVote(entry) {
  return entry.action === "vote" && sentence(entry) === say("host.did_poll_vote");
}

function minute({ timestamp }) {
  return Math.floor(Date.parse(timestamp) / MINUTE_MS);
}

function votes(entries, me) {
  const summary = element("summary", {}, say("shared.votes", { n: entries.length }));
  const each = element("ol", { class: "votes" }, entries.map((entry) => item(entry, me)));
  const facts = element("p", { class: "facts" }, timeNode(entries[0].timestamp));
  return element("li", {}, element("details", {}, summary, each), facts);
}

function item(entry, me) {
  const text = element("p", { dir: "auto" }, sentence(entry));
  const details = changes(entry).map((one) => element("li", { dir: "auto" }, one));
  const changed = details.length > 0 && element("ul", { class: "changes" }, details);
  const facts = element("p", { class: "facts" }, timeNode(entry.timestamp), element("span", {}, who(entry.user, me)));
  return element("li", {}, text, changed, facts);
}
