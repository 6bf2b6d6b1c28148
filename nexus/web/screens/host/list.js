/** The host's polls, with search, filters, order and pages; the list keeps itself up to date. */

import { element, fill, set } from "../dom.js";
import { everySecond } from "../time.js";
import { say } from "../words.js";
import { ListActs } from "./listacts.js";
import { LONGEST, ORDERS, complete, filterOf, hashOf, sought } from "./looking.js";
import { Newest } from "./newest.js";
import { take } from "./notice.js";
import { EventTitles } from "./inevent.js";
import { listHead } from "./listhead.js";
import { Owners } from "./owners.js";
import { wholePage } from "./pages.js";
import { announce, button, heading, labelled, pager, statusLine } from "./parts.js";
import { Picking } from "./picking.js";
import { PollCard } from "./pollcard.js";
import { Tabs } from "./tabs.js";
import { Unlisted } from "./unlisted.js";
import { Welcome } from "./welcome.js";

export { lookOf } from "./looking.js";

const PAGE_SIZE = 20;
const MOST_CATEGORIES = 100;
const TYPING_MS = 300;
const REFRESH_MS = 10_000;

/** The list; `look` says what it shows if that is not what a list shows at first, and keeps it for when the host comes
 * back. `moved(hash)` is told each new address that says the same. */
export class ListView {
  /** The address of what is shown instead to somebody who has just come and has no polls, but events. */
  instead = null;
  #server;
  #look;
  #cards = new Map();
  #count = statusLine();
  #line = statusLine();
  #newest = new Newest();
  #list = element("ul", { class: "polls" });
  #clear = button(say("hosting.clear"), () => this.#findAll());
  #found = element("div", {}, this.#count, this.#clear);
  #pages = element("nav", { class: "pages", "aria-label": say("host.pages") });
  #welcome = new Welcome();
  #unlisted;
  #filters = element("form", { role: "search", class: "filters" });
  #pick = button(say("hosting.pick"), () => this.#startPicking(true), "plain");
  #all = button(say("hosting.pick_all"), () => this.#pickAll(), "plain");
  #tabs;
  #owners;
  #events;
  #acts;
  #picking;
  #counted = "";
  #endings = [];
  #typing = null;
  #timer = null;
  #over = false;
  #fresh;
  #seen = () => document.hidden || this.#tryRead();
  #moved;

  constructor(server, look, moved) {
    this.#server = server;
    this.#fresh = !Object.keys(look).length;
    this.#look = complete(look);
    this.#moved = moved;
    this.title = say("host.polls");
    this.heading = heading(say("host.polls"));
    this.#tabs = new Tabs(server, (status) => this.#change({ status }));
    this.#owners = new Owners(server);
    this.#unlisted = new Unlisted(server);
    this.#events = new EventTitles(server);
    this.#acts = new ListActs(server, this.#line, () => this.#tryRead());
    const picked = () => [...this.#cards.values()].filter((card) => card.picked).map((card) => card.poll);
    this.#picking = new Picking(this.#acts, { picked, end: () => this.#startPicking(false) });
    this.#all.hidden = true;
    const head = listHead(this.heading, "polls", this.#pick, this.#all);
    this.node = element("div", { class: "stack" }, head, this.#line, this.#tabs.node, this.#filters);
    this.node.append(this.#newest.fault, this.#found, this.#welcome.node, this.#list, this.#pages, this.#unlisted.node);
    this.node.append(this.#picking.node);
  }

  /** Read it for the first time. */
  async open() {
    const [{ results: categories }] = await Promise.all([this.#categories(), this.#read()]);
    if (this.#fresh && !this.#welcome.node.hidden && (await this.#hasEvents())) this.instead = "#/events";
    this.#fillFilters(categories);
    this.#refreshLater();
    document.addEventListener("visibilitychange", this.#seen);
    const now = () => this.#server.client.now();
    this.#endings.push(everySecond(now, () => this.#cards.forEach((card) => card.tick(now()))));
    announce(this.#line, take());
  }

  /** Whether this host has events or co-hosts some. */
  async #hasEvents() {
    return (await this.#server.call("GET", "/events/?page_size=1")).count > 0;
  }

  /** The address that says what it shows. */
  get hash() {
    return hashOf(this.#look);
  }

  close() {
    this.#over = true;
    for (const end of this.#endings.splice(0)) end();
    document.removeEventListener("visibilitychange", this.#seen);
    clearTimeout(this.#typing);
    clearTimeout(this.#timer);
  }

  // --- Filters -----------------------------------------------------------------------------------------------

  #categories() {
    return this.#server.call("GET", `/categories/?page_size=${MOST_CATEGORIES}`);
  }

  #fillFilters(categories) {
    const named = { id: "search", placeholder: say("host.search_hint") };
    const search = element("input", { type: "search", ...named, maxlength: LONGEST, autocomplete: "off" });
    search.value = this.#look.search;
    search.addEventListener("input", () => this.#typed(search, TYPING_MS));
    this.#filters.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#typed(search, 0);
    });
    const order = (one) => [one, say(`host.order_${one.replace("-", "down_")}`)];
    const fields = [labelled(say("host.search"), search)];
    if (categories.length) {
      const named = categories.map(({ id, name }) => [id, name]);
      fields.push(this.#select("category", say("host.category"), [["", say("host.any_status")], ...named], Number));
    }
    if (this.#server.admin) {
      const owners = [["", say("hosting.mine")], ["true", say("hosting.everyones")]];
      fields.push(this.#select("all", say("hosting.owners"), owners, Boolean));
    }
    fields.push(this.#select("ordering", say("host.order"), ORDERS.map(order), String));
    fill(this.#filters, fields);
  }

  #select(name, label, values, read) {
    const made = element("select", { id: name }, values.map(([value, text]) => element("option", { value }, text)));
    made.value = this.#look[name] || "";
    made.addEventListener("change", () => this.#change({ [name]: made.value && read(made.value) }));
    return labelled(label, made);
  }

  #typed(search, wait) {
    clearTimeout(this.#typing);
    this.#typing = setTimeout(() => this.#change({ search: search.value.trim() }), wait);
  }

  #findAll() {
    clearTimeout(this.#typing);
    for (const name of ["search", "category"]) if (this.#filters[name]) this.#filters[name].value = "";
    this.heading.focus(); // what was pressed goes
    return this.#change({ search: "", status: "", category: "" });
  }

  async #change(look) {
    Object.assign(this.#look, { page: 1, ...look });
    this.#look.all = Boolean(this.#look.all);
    if (!this.#over) this.#moved(this.hash);
    await this.#tryRead();
  }

  // --- Reading -----------------------------------------------------------------------------------------------

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
    const { ordering, page, status, all } = this.#look;
    const query = filterOf(this.#look);
    for (const [name, value] of Object.entries({ ordering, page, page_size: PAGE_SIZE })) query.set(name, value);
    if (status) query.set("status", status);
    const counting = this.#counted ? null : this.#tabs.count(this.#look); // the first paint waits for one round trip
    const [found] = await Promise.all([this.#newest.of(wholePage(this.#server, query)), counting]);
    if (!found || this.#over) return;
    if (!found.results.length && page > 1) return this.#change({ page: 1 });
    await Promise.all([all && this.#owners.learn(found.results), this.#events.learn(found.results)]);
    this.#show(found);
    await this.#countAgain(found, counting !== null);
  }

  /** Count the states when what is found, or a state that is seen, has changed: not at each reading. */
  async #countAgain({ count, results }, done) {
    const states = results.map(({ id, status }) => [id, status]);
    const counted = JSON.stringify([filterOf(this.#look).toString(), count, states]);
    if (counted === this.#counted) return;
    this.#counted = counted;
    await Promise.all([done || this.#tabs.count(this.#look), this.#unlisted.count(this.#look, count)]);
  }

  #show({ count, results }) {
    const { status, page } = this.#look;
    const nothing = !count && !sought(this.#look);
    announce(this.#count, count ? say("host.count", { n: count }) : say(nothing ? "host.none_yet" : "host.none_found"));
    this.#count.classList.toggle("unseen", count > 0 && !sought(this.#look)); // the tabs say it already
    set(this.#found, "class", count || nothing ? "found" : "card found");
    this.#clear.hidden = Boolean(count) || nothing;
    this.#tabs.show(status);
    for (const node of [this.#tabs.node, this.#filters]) node.hidden = nothing && !this.#look.all && !this.#server.admin;
    this.#welcome.node.hidden = !nothing;
    this.#pick.hidden = !count || !this.#picking.node.hidden;
    this.#showCards(results);
    this.#showPages(page, Math.ceil(count / PAGE_SIZE));
  }

  /** Cards stay the same elements while their polls are shown, so that they keep the focus. */
  #showCards(polls) {
    const before = this.#cards;
    const heard = { act: (name, poll) => this.#acts.act(name, poll), picked: () => this.#picking.show() };
    const made = (poll) => new PollCard(poll, { ...heard, owner: (one) => this.#owners.of(one), event: (id) => this.#events.of(id) });
    this.#cards = new Map(polls.map((poll) => [poll.id, before.get(poll.id) ?? made(poll)]));
    for (const [id, card] of before) if (!this.#cards.has(id)) card.node.remove();
    polls.forEach((poll, place) => {
      const card = this.#cards.get(poll.id);
      card.show(poll, this.#server.client.now());
      if (!before.has(poll.id)) card.picking = !this.#picking.node.hidden;
      const there = this.#list.children[place] ?? null;
      if (there !== card.node) this.#list.insertBefore(card.node, there);
    });
    this.#list.hidden = !polls.length;
    this.#picking.show();
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

  // --- Several at once ---------------------------------------------------------------------------------------

  #startPicking(picking) {
    this.#picking.node.hidden = !picking;
    this.#pick.hidden = picking || !this.#cards.size;
    this.#all.hidden = !picking;
    for (const card of this.#cards.values()) card.picking = picking;
    this.#picking.show();
    if (picking) this.#list.querySelector(".pick input")?.focus();
    else (this.#pick.hidden ? this.heading : this.#pick).focus();
  }

  #pickAll() {
    for (const box of this.#list.querySelectorAll(".pick input")) box.checked = true;
    this.#picking.show();
  }
}
