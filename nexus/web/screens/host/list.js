/** The host's polls, with search, filters, order and pages; the list keeps itself up to date. */

import { element, fill, set, write } from "../dom.js";
import { timeLeft } from "../time.js";
import { say } from "../words.js";
import { Newest } from "./newest.js";
import { announce, badge, heading, labelled, pager, showStatus, statusLine, timeNode } from "./parts.js";

const PAGE_SIZE = 20;
const LONGEST = 200;
const TYPING_MS = 300;
const REFRESH_MS = 10_000;
const STATUSES = ["", "open", "draft", "scheduled", "closed"];
const ORDERS = ["-created_at", "created_at", "question", "-question", "expires_at", "-expires_at"];

const FIRST_LOOK = { search: "", status: "", ordering: ORDERS[0], page: 1, all: false };

/** What a list shows that has the `query` in its address; anything that cannot be is as at first. */
export function lookOf(query) {
  const one = (name, values) => (values.includes(query.get(name)) ? query.get(name) : FIRST_LOOK[name]);
  const search = (query.get("search") ?? "").slice(0, LONGEST);
  const page = /^[1-9]\d{0,8}$/.test(query.get("page")) ? Number(query.get("page")) : 1;
  const chosen = { status: one("status", STATUSES), ordering: one("ordering", ORDERS), all: query.get("all") === "true" };
  return { search, page, ...chosen };
}

/** The address of a list that shows `look`. */
export function hashOf(look) {
  const query = new URLSearchParams(Object.entries(look).filter(([name, value]) => value !== FIRST_LOOK[name])).toString();
  return query ? `#/?${query}` : "#/";
}

/** The list; `look` says what it shows if that is not what a list shows at first, and keeps it for when the host comes
 * back. `moved(hash)` is told each new address that says the same. */
export class ListView {
  #server;
  #look;
  #rows = new Map();
  #count = statusLine();
  #newest = new Newest();
  #list = element("ul", { class: "polls" });
  #pages = element("nav", { class: "pages", "aria-label": say("host.pages") });
  #typing = null;
  #timer = null;
  #over = false;
  #seen = () => document.hidden || this.#tryRead();
  #moved;

  constructor(server, look, moved) {
    this.#server = server;
    this.#look = Object.assign(look, { ...FIRST_LOOK, ...look });
    this.#moved = moved;
    this.title = say("host.polls");
    this.heading = heading(say("host.polls"));
    const make = element("a", { class: "button main", href: "#/new" }, say("host.new_poll"));
    const head = element("div", { class: "head" }, this.heading, make);
    this.node = element("div", { class: "stack" }, head, this.#filters(), this.#newest.fault, this.#count);
    this.node.append(this.#list, this.#pages);
  }

  /** Read it for the first time. */
  async open() {
    await this.#read();
    this.#refreshLater();
    document.addEventListener("visibilitychange", this.#seen);
  }

  /** The address that says what it shows. */
  get hash() {
    return hashOf(this.#look);
  }

  close() {
    this.#over = true;
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#typing);
    clearTimeout(this.#timer);
  }

  #filters() {
    const look = this.#look;
    const search = element("input", { type: "search", id: "search", maxlength: LONGEST, autocomplete: "off" });
    search.value = look.search;
    search.addEventListener("input", () => this.#typed(search, TYPING_MS));
    const status = (one) => say(one ? `shared.status_${one}` : "host.any_status");
    const order = (one) => say(`host.order_${one.replace("-", "down_")}`);
    const form = element("form", { role: "search", class: "filters" }, labelled(say("host.search"), search));
    form.addEventListener("submit", (event) => this.#submit(event, search));
    form.append(labelled(say("host.status"), this.#select("status", STATUSES, status)));
    form.append(labelled(say("host.order"), this.#select("ordering", ORDERS, order)));
    if (this.#server.admin) form.append(this.#everybodys());
    return form;
  }

  #select(name, values, word) {
    const made = element("select", { id: name }, values.map((one) => element("option", { value: one }, word(one))));
    made.value = this.#look[name];
    made.addEventListener("change", () => this.#change({ [name]: made.value }));
    return made;
  }

  #everybodys() {
    const box = element("input", { type: "checkbox", id: "all" });
    box.checked = this.#look.all;
    box.addEventListener("change", () => this.#change({ all: box.checked }));
    return element("div", { class: "choice" }, box, element("label", { for: "all" }, say("host.everybodys")));
  }

  #submit(event, search) {
    event.preventDefault();
    this.#typed(search, 0);
  }

  #typed(search, wait) {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#change({ search: search.value.trim() }), wait);
  }

  async #change(look) {
    Object.assign(this.#look, { page: 1, ...look });
    if (!this.#over) this.#moved(this.hash);
    await this.#tryRead();
  }

  #refreshLater() {
    this.#timer = setTimeout(async () => {
      if (!document.hidden) await this.#tryRead();
      if (!this.#over) this.#refreshLater();
    }, REFRESH_MS);
  }

  async #tryRead() {
    await this.#newest.attempt(() => this.#read());
  }

  async #read() {
    const { search, status, ordering, page, all } = this.#look;
    const query = new URLSearchParams({ ordering, page, page_size: PAGE_SIZE });
    if (search) query.set("search", search);
    if (status) query.set("status", status);
    if (!all) query.set("created_by", "me");
    const found = await this.#newest.of(this.#server.call("GET", `/polls/?${query}`));
    if (!found || this.#over) return;
    if (!found.results.length && page > 1) await this.#change({ page: 1 });
    else this.#show(found);
  }

  #show({ count, results }) {
    const { search, status, page } = this.#look;
    const sought = Boolean(search || status);
    const none = sought ? say("host.none_found") : say("host.none_yet");
    announce(this.#count, count ? say("host.count", { n: count }) : none);
    this.#showRows(results);
    this.#showPages(page, Math.ceil(count / PAGE_SIZE));
  }

  /** Rows stay the same elements while their polls are shown, so that they keep the focus. */
  #showRows(polls) {
    const before = this.#rows;
    this.#rows = new Map(polls.map((poll) => [poll.id, before.get(poll.id) ?? new Row(poll)]));
    for (const [id, row] of before) if (!this.#rows.has(id)) row.node.remove();
    polls.forEach((poll, place) => {
      const row = this.#rows.get(poll.id);
      row.show(poll, this.#server.client.now());
      const there = this.#list.children[place] ?? null;
      if (there !== row.node) this.#list.insertBefore(row.node, there);
    });
    this.#list.hidden = !polls.length;
  }

  #showPages(page, pages) {
    const place = `${page}/${pages}`;
    if (this.#pages.dataset.place === place) return;
    this.#pages.dataset.place = place;
    const go = async (to) => {
      await this.#change({ page: to });
      this.heading.focus();
    };
    fill(this.#pages, pager(page, pages, go));
    this.#pages.hidden = pages < 2;
  }
}

class Row {
  #link;
  #badge;
  #code = element("span", { class: "code" });
  #votes = element("span");
  #when = element("span");

  constructor(poll) {
    this.#link = element("a", { href: `#/poll/${poll.id}`, dir: "auto" });
    this.#badge = badge(poll.status);
    const made = element("span", {}, say("host.made"), " ", timeNode(poll.created_at));
    const code = element("span", {}, say("host.code"), " ", this.#code);
    const facts = element("p", { class: "facts" }, this.#badge, code, this.#votes, this.#when, made);
    this.node = element("li", { class: "card poll" }, element("h2", {}, this.#link), facts);
  }

  show(poll, now) {
    write(this.#link, poll.question);
    write(this.#code, poll.code);
    showStatus(this.#badge, poll.status);
    const n = poll.options.reduce((sum, { votes_count: count }) => sum + (count ?? 0), 0);
    const word = poll.max_choices === 1 ? "shared.votes" : "host.choices_made";
    const hidden = poll.options.some(({ votes_count: count }) => count === null);
    write(this.#votes, hidden ? "" : say(word, { n }));
    write(this.#when, timeLeft(poll, poll.status, now));
    for (const node of [this.#votes, this.#when]) set(node, "hidden", node.textContent ? null : true);
  }
}
