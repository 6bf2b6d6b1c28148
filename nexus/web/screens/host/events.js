/** The events of a host, their own and those that they co-host: newest first, with a search. */

import { element, fill, set } from "../dom.js";
import { say } from "../words.js";
import { EventCard } from "./eventcard.js";
import { listHead } from "./listhead.js";
import { Newest } from "./newest.js";
import { take } from "./notice.js";
import { EventOwners } from "./owners.js";
import { announce, button, heading, labelled, pager, statusLine } from "./parts.js";
import { waysToBegin } from "./welcome.js";

const PAGE_SIZE = 20;
const TYPING_MS = 300;
const REFRESH_MS = 10_000;
const LONGEST = 200; // of a search

/** The list; `query` is that of the address, and `moved(hash)` is told each new one. */
export class EventsView {
  #server;
  #moved;
  #search;
  #page;
  #cards = new Map();
  #line = statusLine();
  #count = statusLine();
  #newest = new Newest();
  #owners;
  #list = element("ul", { class: "polls events" });
  #clear = button(say("hosting.clear"), () => this.#findAll());
  #found = element("div", {}, this.#count, this.#clear);
  #pages = element("nav", { class: "pages", "aria-label": say("host.pages") });
  #welcome = waysToBegin("event");
  #input = element("input", { type: "search", id: "search", maxlength: LONGEST, autocomplete: "off" });
  #filters = element("form", { role: "search", class: "filters" }, labelled(say("host.search"), this.#input));
  #typing = null;
  #timer = null;
  #over = false;
  #seen = () => document.hidden || this.#tryRead();

  constructor(server, query, moved) {
    this.#server = server;
    this.#moved = moved;
    this.#owners = new EventOwners(server);
    this.#search = (query.get("search") ?? "").slice(0, LONGEST);
    this.#page = /^[1-9]\d{0,8}$/.test(query.get("page")) ? Number(query.get("page")) : 1;
    this.title = say("event.events");
    this.heading = heading(say("event.events"));
    set(this.#input, "placeholder", say("event.search_hint"));
    this.#input.value = this.#search;
    this.#input.addEventListener("input", () => this.#typed(TYPING_MS));
    this.#filters.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#typed(0);
    });
    this.node = element("div", { class: "stack" }, listHead(this.heading, "events"), this.#line, this.#filters);
    this.node.append(this.#newest.fault, this.#found, this.#welcome, this.#list, this.#pages);
  }

  /** Read it for the first time. */
  async open() {
    await this.#read();
    this.#refreshLater();
    document.addEventListener("visibilitychange", this.#seen);
    announce(this.#line, take());
  }

  /** The address that says what it shows. */
  get hash() {
    const query = new URLSearchParams();
    if (this.#search) query.set("search", this.#search);
    if (this.#page > 1) query.set("page", this.#page);
    return query.toString() ? `#/events?${query}` : "#/events";
  }

  close() {
    this.#over = true;
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#typing);
    clearTimeout(this.#timer);
  }

  #typed(wait) {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#change(this.#input.value.trim()), wait);
  }

  #findAll() {
    clearTimeout(this.#typing);
    this.#input.value = "";
    this.heading.focus(); // what was pressed goes
    return this.#change("");
  }

  async #change(search, page = 1) {
    this.#search = search;
    this.#page = page;
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
    const query = new URLSearchParams({ page: this.#page, page_size: PAGE_SIZE });
    if (this.#search) query.set("search", this.#search);
    const found = await this.#newest.of(this.#server.call("GET", `/events/?${query}`));
    if (!found || this.#over) return;
    if (!found.results.length && this.#page > 1) return this.#change(this.#search);
    await this.#owners.learn(found.results);
    this.#show(found);
  }

  #show({ count, results }) {
    const nothing = !count && !this.#search;
    announce(this.#count, count ? say("event.count", { n: count }) : say(nothing ? "event.none_yet" : "event.none_found"));
    set(this.#found, "class", count || nothing ? "found" : "card found");
    this.#clear.hidden = Boolean(count) || nothing;
    this.#filters.hidden = this.#count.hidden = nothing;
    this.#welcome.hidden = !nothing;
    this.#showCards(results);
    const pages = Math.ceil(count / PAGE_SIZE);
    const go = async (to) => {
      await this.#change(this.#search, to);
      this.heading.focus();
    };
    fill(this.#pages, pager(this.#page, pages, go));
    this.#pages.hidden = pages < 2;
  }

  /** Cards stay the same elements while their events are shown, so that they keep the focus. */
  #showCards(events) {
    const before = this.#cards;
    const made = (event) => new EventCard(event, (one) => this.#owners.of(one));
    this.#cards = new Map(events.map((event) => [event.id, before.get(event.id) ?? made(event)]));
    for (const [id, card] of before) if (!this.#cards.has(id)) card.node.remove();
    events.forEach((event, place) => {
      const card = this.#cards.get(event.id);
      card.show(event);
      const there = this.#list.children[place] ?? null;
      if (there !== card.node) this.#list.insertBefore(card.node, there);
    });
    this.#list.hidden = !events.length;
  }
}
