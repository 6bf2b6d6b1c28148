/** What has happened to a poll, or to an event and its polls, in sentences, newest first. */

import { element, fill, write } from "../dom.js";
import { known, say } from "../words.js";
import { Newest } from "./newest.js";
import { announce, back, heading, labelled, pager, statusLine, timeNode } from "./parts.js";
import { changes, sentence, who } from "./sentences.js";

const PAGE_SIZE = 50;
const MINUTE_MS = 60_000;
const ACTIONS = ["create", "update", "correct", "open", "close", "reset", "delete", "vote", "retract", "export", "make_screen"];
const EVENT_ACTIONS = ["show", "reorder", "add_host", "remove_host", ...ACTIONS];

/** The view of the history of what is at `place`, such as `poll/7` or `event/4`. */
export class HistoryView {
  #server;
  #actions;
  #path;
  #action = "";
  #page = 1;
  #about = element("p", { class: "about", dir: "auto" });
  #questions = new Map(); // of an event, by their ids
  #line = statusLine();
  #newest = new Newest();
  #list = element("ol", { class: "history" });
  #pages = element("nav", { class: "pages", "aria-label": say("host.pages") });

  constructor(server, place) {
    const isEvent = place.startsWith("event");
    this.#server = server;
    this.#path = `/${place.replace("/", "s/")}/`;
    this.#actions = isEvent ? EVENT_ACTIONS : ACTIONS;
    this.title = say("host.history");
    this.heading = heading(say("host.history"));
    const head = element("div", { class: "stack tight" }, this.heading, this.#about);
    const parts = [back(`#/${place}`, say(isEvent ? "hosting.back_to_event" : "host.back_to_poll")), head, this.#filter()];
    this.node = element("div", { class: "stack narrow" }, parts, this.#newest.fault, this.#line, this.#list, this.#pages);
  }

  /** Read what it is about and the first page. */
  async open() {
    const found = await this.#server.call("GET", this.#path);
    for (const { id, question } of found.polls ?? []) this.#questions.set(String(id), question);
    write(this.#about, found.question ?? found.title);
    await this.#read();
  }

  #filter() {
    const word = (action) => say(known(`event.action_${action}`) ? `event.action_${action}` : `host.action_${action || "any"}`);
    const choices = ["", ...this.#actions].map((one) => element("option", { value: one }, word(one)));
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
    const found = await this.#newest.of(this.#server.call("GET", `${this.#path}audit/?${query}`));
    if (!found) return;
    const { count, results } = found;
    announce(this.#line, count ? say("host.entries", { n: count }) : say("host.no_entries"));
    fill(this.#list, rows(results, !this.#questions.size).map((row) => (row.length > 1 ? this.#votes(row) : this.#item(row[0]))));
    const go = async (page) => {
      await this.#turn(page);
      this.heading.focus();
    };
    fill(this.#pages, pager(this.#page, Math.ceil(count / PAGE_SIZE), go));
    this.#pages.hidden = count <= PAGE_SIZE;
  }

  #votes(entries) {
    const summary = element("summary", {}, say("shared.votes", { n: entries.length }), this.#question(entries[0]));
    const each = element("ol", { class: "votes" }, entries.map((entry) => this.#item(entry)));
    const facts = element("p", { class: "facts" }, timeNode(entries[0].timestamp));
    return element("li", {}, element("details", {}, summary, each), facts);
  }

  #item(entry) {
    const text = element("p", { dir: "auto" }, sentence(entry), this.#question(entry));
    const details = changes(entry).map((one) => element("li", { dir: "auto" }, one));
    const changed = details.length > 0 && element("ul", { class: "changes" }, details);
    const by = element("span", {}, who(entry.user, this.#server.me));
    return element("li", {}, text, changed, element("p", { class: "facts" }, timeNode(entry.timestamp), by));
  }

  /** In an event, which question an entry is about; null where it is about none that is still there. */
  #question({ target_type: type, target_id: id, details }) {
    const poll = type === "poll" ? id : type === "event" ? String((details.shown ?? []).slice(-1)[0]) : null;
    const asked = this.#questions.get(String(poll));
    return asked ? element("span", { class: "asked-of", dir: "auto" }, asked) : null;
  }
}

/** Entries in rows: votes of one minute in one poll that follow each other share one. Whatever else is in its minute, a
 * poll was created first: the votes of an anonymous one are told by their minute. */
function rows(entries, ofOnePoll) {
  const first = ({ action, target_type: type }) => ofOnePoll && action === "create" && type === "poll";
  const made = [];
  for (const entry of [...entries.filter((one) => !first(one)), ...entries.filter(first)]) {
    const before = made[made.length - 1];
    if (before && together(entry, before[0])) before.push(entry);
    else made.push([entry]);
  }
  return made;
}

function together(entry, before) {
  const alike = isVote(entry) && isVote(before) && entry.target_id === before.target_id;
  return alike && minute(entry) === minute(before);
}

function isVote(entry) {
  return entry.action === "vote" && sentence(entry) === say("host.did_poll_vote");
}

function minute({ timestamp }) {
  return Math.floor(Date.parse(timestamp) / MINUTE_MS);
}
