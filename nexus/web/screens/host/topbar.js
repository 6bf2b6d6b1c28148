/** The bar at the top: where one is, the way to a new poll, and the account. */

import { element, icon, set } from "../dom.js";
import { Touch } from "../touch.js";
import { brandMark, say } from "../words.js";
import { Menu } from "./menu.js";
import { PERSON, announce, once } from "./parts.js";
import { nameOf } from "./server.js";

const OF_POLLS = ["poll", "new", "edit", "history"]; // the views that are reached from the list
const FORMS = ["new", "edit", "event_new", "event_edit", "event_poll", "event_text", "event_file"]; // a button beside them would start over
const PLUS = "M11 4h2v7h7v2h-7v7h-2v-7H4v-2h7z";

/** The bar for who is logged in at `server`; `logout()` ends the login. */
export class TopBar {
  #links = [];
  #touch;
  #make;
  #making; // both of them in a menu, where there is no room for two buttons
  #menu;
  #unlisten;

  constructor(server, logout) {
    const pages = [["list", "#/", say("host.polls")]];
    if (server.admin) pages.push(["users", "#/accounts", say("host.accounts")]);
    const brand = element("a", { class: "brand", href: "#/" }, brandMark());
    const nav = element("nav", { "aria-label": say("host.nav") }, pages.map((page) => this.#link(...page)));
    this.#make = new Map([
      ["event", this.#maker("event_new", "#/events/new", say("hosting.new_event"))],
      ["poll", this.#maker("new", "#/new", say("host.new_poll"))],
    ]);
    this.#making = this.#both();
    this.#menu = this.#account(server, pages, logout);
    const note = element("div", { class: "note warn touch", role: "status", hidden: true });
    const inner = element("div", { class: "inner" }, brand, nav, ...this.#make.values(), this.#making.node, this.#menu.node);
    this.#touch = new Touch(note, server.client, (error) => (error.code === 4501 || error.status === 401 ? [] : null));
    this.#unlisten = server.client.on("state", ({ name }) => name === "open" && heal());
    addEventListener("online", heal);
    /** The content of the bar. */
    this.parts = [inner, note];
  }

  /** Mark the page that is shown. */
  show(name) {
    for (const [page, link] of this.#links) {
      const above = page === "list" && OF_POLLS.includes(name);
      set(link, "aria-current", page === name ? "page" : above ? "true" : null);
    }
    const events = name.startsWith("event");
    const list = ["list", "events"].includes(name);
    for (const [kind, made] of this.#make) {
      const main = list && (kind === "event") === events; // the one of the list that is shown comes first
      set(made, "class", `button make wide-only ${main ? "main" : "soft"}`);
      made.hidden = FORMS.includes(name);
    }
    set(this.#making.node.firstChild, "class", `make opens ${list ? "main" : "soft"}`);
    this.#making.node.hidden = FORMS.includes(name);
  }

  /** Another bar takes its place. */
  end() {
    this.#touch.end();
    this.#unlisten();
    removeEventListener("online", heal);
  }

  #maker(name, href, text) {
    const plus = element("span", { class: "plus" }, icon(PLUS));
    return this.#link(name, href, [plus, element("span", { class: "named" }, text)], "button make");
  }

  #both() {
    const plus = element("span", { class: "plus" }, icon(PLUS));
    const menu = new Menu(null, [plus, element("span", { class: "named" }, say("hosting.make"))], "make");
    const poll = this.#link("new", "#/new", say("host.new_poll"));
    menu.offer([poll, this.#link("event_new", "#/events/new", say("hosting.new_event"))]);
    menu.node.classList.add("making");
    return menu;
  }

  #link(name, href, content, kind) {
    const made = element("a", { href, class: kind }, content);
    this.#links.push([name, made]);
    return made;
  }

  #account(server, pages, logout) {
    const name = nameOf(server.me);
    const face = [icon(PERSON), element("span", { class: "me", dir: "auto" }, name)];
    const menu = new Menu(`${say("host.account")}: ${name}`, face, "plain account");
    const out = element("button", { type: "button", on: { click: () => once(out, logout) } }, say("hosting.logout"));
    const more = [["account", "#/account", say("host.account")]];
    if (server.admin) more.unshift(["categories", "#/categories", say("hosting.categories")]);
    const twice = pages.map((page) => this.#link(...page, "narrow-only"));
    menu.offer([...twice, ...more.map((page) => this.#link(...page)), out]);
    return menu;
  }
}

/** Take back what was said of a server that could not be reached: it is back. */
function heal() {
  for (const line of document.querySelectorAll(".said[data-bad]")) {
    if (line.textContent.startsWith(say("shared.unreachable"))) announce(line, "");
  }
}
