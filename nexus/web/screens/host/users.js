/** All accounts, for administrators: found by name, state and role, and invited. */

import { element, fill } from "../dom.js";
import { say } from "../words.js";
import { InviteCard } from "./invite.js";
import { Newest } from "./newest.js";
import { announce, button, heading, labelled, pager, statusLine } from "./parts.js";
import { UserRow } from "./userrow.js";

const PAGE_SIZE = 20;
const TYPING_MS = 300;
const STATUSES = ["", "active", "invited", "disabled"];
const ROLES = ["", "true", "false"];

/** The view of all accounts; `query`, that of the address, may name somebody to invite, and `logout(note)` is called
 * where somebody deletes their own. */
export class UsersView {
  #server;
  #logout;
  #look = { search: "", status: "", admin: "", page: 1 };
  #count = statusLine();
  #line = statusLine();
  #newest = new Newest();
  #list = element("ul", { class: "polls users" });
  #pages = element("nav", { class: "pages", "aria-label": say("host.pages") });
  #invite;
  #invited;
  #typing = null;

  constructor(server, query, logout) {
    this.#server = server;
    this.#logout = logout;
    this.#invited = query.get("invite");
    this.title = say("host.accounts");
    this.heading = heading(say("host.accounts"));
    this.#invite = new InviteCard(server, () => this.#tryRead());
    const open = button(say("users.invite"), () => this.#invite.open(), "main");
    const head = element("div", { class: "head" }, this.heading, open);
    const found = [this.#filters(), this.#newest.fault, this.#count, this.#line, this.#list, this.#pages];
    this.node = element("div", { class: "stack" }, head, this.#invite.node, found);
  }

  /** Read the first page. */
  async open() {
    await this.#read();
    if (this.#invited) this.#invite.open(this.#invited);
  }

  /** The field in which somebody begins; null where nobody is invited. */
  get first() {
    return this.#invite.first;
  }

  close() {
    clearTimeout(this.#typing);
  }

  get dirty() {
    return this.#invite.dirty;
  }

  #filters() {
    const search = element("input", { type: "search", id: "search", maxlength: "254", autocomplete: "off" });
    const typed = (wait) => {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.#change({ search: search.value.trim() }), wait);
    };
    search.addEventListener("input", () => typed(TYPING_MS));
    const form = element("form", { role: "search", class: "filters" }, labelled(say("users.search"), search));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      typed(0);
    });
    const status = (one) => say(one ? `users.status_${one}` : "host.any_status");
    const role = (one) => say(one ? `users.admin_${one}` : "users.any_role");
    form.append(labelled(say("host.status"), this.#select("status", STATUSES, status)));
    form.append(labelled(say("users.role"), this.#select("admin", ROLES, role)));
    return form;
  }

  #select(name, values, word) {
    const made = element("select", { id: name }, values.map((one) => element("option", { value: one }, word(one))));
    made.addEventListener("change", () => this.#change({ [name]: made.value }));
    return made;
  }

  async #change(look) {
    Object.assign(this.#look, { page: 1, ...look });
    await this.#tryRead();
  }

  async #tryRead() {
    await this.#newest.attempt(() => this.#read());
  }

  async #read() {
    const query = new URLSearchParams({ page_size: PAGE_SIZE });
    for (const [name, value] of Object.entries(this.#look)) if (value) query.set(name, value);
    const found = await this.#newest.of(this.#server.call("GET", `/users/?${query}`));
    if (!found) return;
    const { count, results } = found;
    if (!results.length && this.#look.page > 1) await this.#change({ page: 1 });
    else this.#show(count, results);
  }

  #show(count, users) {
    announce(this.#count, count ? say("users.count", { n: count }) : say("users.none_found"));
    const part = { server: this.#server, line: this.#line, changed: (text) => this.#changed(text), linked: this.#invite };
    fill(this.#list, users.map((user) => new UserRow(user, { ...part, logout: this.#logout }).node));
    this.#list.hidden = !users.length;
    const { page } = this.#look;
    const go = async (to) => {
      await this.#change({ page: to });
      this.heading.focus();
    };
    fill(this.#pages, pager(page, Math.ceil(count / PAGE_SIZE), go));
    this.#pages.hidden = count <= PAGE_SIZE;
  }

  async #changed(text) {
    await this.#tryRead();
    announce(this.#line, text);
    this.heading.focus(); // the row is a new one, or gone
  }
}
