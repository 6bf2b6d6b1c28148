/** The frame of the host's screen: the login, the route, and the view that is shown. */

import { Unreachable, session } from "../../client.js";
import { element, fill, root, set } from "../dom.js";
import { provider } from "../login.js";
import { brandName, load, say } from "../words.js";
import { AccessView } from "./access.js";
import { ask } from "./dialog.js";
import { Router } from "./router.js";
import { Server } from "./server.js";
import { Trouble } from "./trouble.js";

const LATER = ["topbar", "list", "poll", "form", "history", "eventviews"]; // what nearly every host comes to
const SHEET = new URL("./views.css", import.meta.url).href;
const JOINING = /^#\/register\/([\w-]+)$/; // the code of a poll that takes an account
const INVITATION = /^#\/invitation\/([\w-]+)$/;

/** The module of a view that is loaded later, with the sentences and the sheet that it needs. Its name is a template, so
 * that the page does not list it among the modules to load at once. Rejects with `Unreachable`. */
async function later(name) {
  try {
    const words = [load("hosting"), LATER.includes(name) || load("users")];
    const [view] = await Promise.all([import(`./${name}.js`), sheet(), ...words]);
    return view;
  } catch (cause) {
    throw new Unreachable(`The view ${name} could not be loaded.`, { cause });
  }
}

let dressed = null; // the promise of the sheet of the views, which the page does without before a login

/** Load that sheet, once. Rejects with TypeError. */
function sheet() {
  const made = (resolve, reject) => {
    const failed = () => {
      dressed = null; // the next view tries again
      link.remove();
      reject(new TypeError("the sheet of the views could not be loaded"));
    };
    const link = element("link", { rel: "stylesheet", href: SHEET, on: { load: resolve, error: failed } });
    document.head.append(link);
  };
  return (dressed ??= new Promise(made));
}

/** The screen in `main`. A view has `node`, `heading`, `title` and `open()`, which may reject as calls do; if it needs
 * them, also `close()`, `dirty`, `first`, the field that gets the focus instead of the heading, and `keeps`, which says
 * that it can continue after another login; and `instead`, the address of a view that takes its place once it is open. */
export class App {
  #main;
  #bar = element("header", { class: "bar", hidden: true });
  #top = null; // what is in the bar
  #server;
  #router;
  #view = null;
  #waiting = null; // a view that was put aside when its login ended
  #look = {}; // what the list shows
  #sub = null;
  #turn = 0; // counts the views that were asked for: only the newest is shown

  constructor(main) {
    this.#main = main;
    this.#server = new Server((left) => this.#ended(left));
    addEventListener("hashchange", (event) => this.#invited(event)); // before the router's
    this.#router = new Router((to) => this.#show(to), () => this.#mayLeave());
    this.#main.before(this.#bar);
    addEventListener("beforeunload", (event) => {
      if (this.#view?.dirty || this.#waiting?.dirty) event.preventDefault();
    });
  }

  /** Start, with an invitation that the address holds, with the login of somebody who comes back from the OpenID provider,
   * or with the login of this tab or device if there is one. */
  start() {
    if (this.#invited()) return;
    const code = JOINING.exec(location.hash)?.[1];
    if (code) this.#join(code);
    else if (provider && location.hash.startsWith("#login=")) this.#comeBack();
    else this.#begin();
  }

  async #comeBack() {
    try {
      await (await provider).takeOver();
      this.#begin();
    } catch (error) {
      this.#put(new Trouble(error, () => this.#comeBack()));
    }
  }

  /** Lead somebody who needs an account back to the poll for which they need it. */
  #join(code) {
    const go = () => location.replace(`${root}vote/${code}`);
    if (session({ url: root })) go();
    else this.#put(new AccessView("", { entered: go, later, registers: true }));
  }

  #begin() {
    const login = session({ url: root });
    if (login) later("list").catch(() => {}); // it is requested again when it is shown
    if (login) this.#enter(login);
    else this.#askLogin("");
  }

  // --- Login -------------------------------------------------------------------------------------------------

  async #enter(login) {
    try {
      await this.#server.enter(login);
    } catch (error) {
      if (error.status !== 401) this.#put(new Trouble(error, () => this.#enter(login)));
      return;
    }
    if (!this.#server.hosts) return this.#open({ name: "voter" });
    try {
      await this.#makeBar();
    } catch (error) {
      return this.#put(new Trouble(error, () => this.#enter(login)));
    }
    const kept = this.#sub === this.#server.me.sub ? this.#waiting : null;
    if (this.#sub !== this.#server.me.sub) this.#look = {};
    this.#sub = this.#server.me.sub;
    this.#waiting = null;
    if (!kept) this.#router.again();
    else this.#put(kept);
  }

  /** Whether the address holds an invitation, which is then shown. Its token leaves the address at once. */
  #invited(event) {
    const token = INVITATION.exec(location.hash)?.[1];
    if (!token) return false;
    event?.stopImmediatePropagation();
    history.replaceState(null, "", "#/");
    this.#showInvitation(token);
    return true;
  }

  async #showInvitation(token) {
    if (!(await this.#mayLeave())) return;
    const turn = (this.#turn += 1);
    set(this.#main, "aria-busy", null);
    this.#bar.hidden = true;
    this.#view?.close?.();
    this.#view = null;
    let view;
    try {
      const { InvitationView } = await later("invitation");
      view = new InvitationView(token, { entered: (login) => this.#enter(login), leave: () => this.#begin() });
      await view.open();
    } catch (error) {
      view = new Trouble(error, () => this.#showInvitation(token));
    }
    if (turn === this.#turn) this.#put(view);
  }

  #ended(left) {
    if (this.#view?.keeps) this.#waiting = this.#view;
    left.then(() => this.#askLogin(say("host.login_ended")));
  }

  #askLogin(note) {
    this.#turn += 1; // no view that is still loading replaces it
    set(this.#main, "aria-busy", null);
    this.#bar.hidden = true;
    if (this.#view !== this.#waiting) this.#view?.close?.();
    this.#put(new AccessView(note, { entered: (login) => this.#enter(login), later }));
  }

  async #logout(note = say("host.logged_out")) {
    if (!(await this.#mayLeave())) return;
    this.#view?.close?.();
    this.#view = null;
    this.#waiting = null;
    await this.#server.leave();
    history.replaceState(null, "", "#/");
    this.#askLogin(note);
  }

  async #makeBar() {
    const { TopBar } = await later("topbar");
    this.#top?.end();
    this.#top = new TopBar(this.#server, () => this.#logout());
    fill(this.#bar, this.#top.parts);
    this.#bar.hidden = false;
  }

  // --- Views -------------------------------------------------------------------------------------------------

  #show(to) {
    if (!this.#server.me || this.#bar.hidden) return; // a login comes first
    this.#top.show(to.name);
    this.#view?.close?.();
    this.#view = null;
    this.#open(to);
  }

  async #make({ name, id, query }) {
    const server = this.#server;
    const moved = (hash) => this.#router.stay(hash);
    if (name === "poll") return new (await later("poll")).PollView(server, id);
    if (name === "new" || name === "edit") return new (await later("form")).FormView(server, id, query);
    if (name === "history") return new (await later("history")).HistoryView(server, `poll/${id}`);
    if (name === "voter") return new (await later("voter")).VoterView(() => this.#logout());
    if (name.startsWith("event")) return (await later("eventviews")).eventView(server, { name, id, query }, moved);
    if (name === "account") return new (await later("account")).AccountView(server, (note) => this.#logout(note));
    if (name === "users" && server.admin) return new (await later("users")).UsersView(server, query, () => this.#logout());
    if (name === "categories" && server.admin) return new (await later("categories")).CategoriesView(server);
    const { ListView, lookOf } = await later("list");
    if (query.toString()) this.#look = lookOf(query);
    return new ListView(server, this.#look, moved);
  }

  /** Show a view once it has loaded; the current one stays until then. */
  async #open(to) {
    const turn = (this.#turn += 1);
    let view = null;
    set(this.#main, "aria-busy", "true");
    try {
      view = await this.#make(to);
      await view.open();
    } catch (error) {
      view?.close?.();
      if (turn !== this.#turn || error.status === 401) return; // the end of a login is handled elsewhere
      view = new Trouble(error, () => this.#open(to));
    } finally {
      if (turn === this.#turn) set(this.#main, "aria-busy", null);
    }
    if (turn !== this.#turn || view.instead) view.close?.();
    if (turn === this.#turn && view.instead) location.replace(view.instead);
    else if (turn === this.#turn) {
      this.#put(view);
      if (view.hash) this.#router.stay(view.hash);
    }
    for (const name of LATER) later(name).catch(() => {}); // it is requested again when it is needed
  }

  #put(view) {
    const first = !this.#main.querySelector("h1");
    this.#view = view;
    fill(this.#main, view.node);
    document.title = `${view.title} – ${brandName}`;
    scrollTo(0, 0);
    if (view.first) view.first.focus({ preventScroll: true });
    else if (!first) view.heading.focus({ preventScroll: true });
  }

  async #mayLeave() {
    if (!this.#view?.dirty) return true;
    return ask({ title: say("host.leave_title"), text: say("host.leave_text"), act: say("host.leave_act") });
  }
}
