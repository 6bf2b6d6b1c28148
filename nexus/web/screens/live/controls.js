/** What a presenter can do, with buttons and keys. The buttons are in a room of their own and hidden while nobody uses
 * them. */

import { element, fill, framed, icon, write } from "../dom.js";
import { later } from "../persist.js";
import { say } from "../words.js";

const IDLE_MS = 4000;
const TOLD_MS = 6000;
const HOSTS = ["open", "close", "reveal", "timer"];
const STEPS = ["next", "previous"];
const FULL = Boolean(document.documentElement.requestFullscreen); // phones may have none
const ICONS = {
  timer: "M9 1h6v2H9zM12 4a9 9 0 1 0 9 9 9 9 0 0 0-9-9zm0 2a7 7 0 1 1-7 7 7 7 0 0 1 7-7zm-1 2v6h5v-2h-3V8z",
  join: "M3 3h8v8H3zm2 2v4h4V5zM13 3h8v8h-8zm2 2v4h4V5zM3 13h8v8H3zm2 2v4h4v-4zM13 13h3v3h-3zm5 0h3v3h-3zm-5 5h3v3h-3zm5 0h3v3h-3z",
  all: "M4 5h16v2H4zm0 6h16v2H4zm0 6h16v2H4z",
  theme: "M12 3a9 9 0 1 0 9 9 9 9 0 0 0-9-9zm0 2v14a7 7 0 0 1 0-14z",
  full: "M4 4h6v2H6v4H4zm10 0h6v6h-2V6h-4zM4 14h2v4h4v2H4zm14 0h2v6h-6v-2h4z",
};

/** The keys, those of presenters' clickers among them. */
const KEYS = {
  o: "open",
  c: "close",
  r: "reveal",
  t: "timer",
  j: "join",
  a: "all",
  d: "theme",
  b: "blank",
  ".": "blank",
  l: "login",
  f: "full",
  "?": "help",
  pagedown: "next",
  arrowright: "next",
  " ": "next",
  pageup: "previous",
  arrowleft: "previous",
  escape: "uncover",
};

/** The controls of `stage`, and of the `cover` over it. `acts` are those of acts.js, which only a `host` has; `way` is how the
 * screen entered: unless it is the host's, it offers a login, which is told to `entered()`. `invited()` is what people are
 * to join, and `event` whether that is an event. `signal` ends them. */
export class Controls {
  #stage;
  #host;
  #event;
  #way;
  #acts;
  #keysOn = true;
  #idle = null;
  #telling = null;
  #cover;
  #bar = element("nav", { class: "controls", "aria-label": say("live.controls") });
  #trouble = element("p", { id: "trouble", class: "toast", role: "alert", hidden: true });
  #layer = element("div", {}, this.#trouble);
  #buttons;
  #dialogs = new Map(); // by name: each, or what will be it

  constructor(stage, acts, { cover, host, way, signal, entered, invited, event }) {
    this.#stage = stage;
    this.#host = host;
    this.#event = event;
    this.#way = way;
    this.#cover = cover;
    this.#acts = this.#all(acts, entered, invited);
    this.#buttons = Object.fromEntries(this.#names().map((name) => [name, this.#button(name)]));
    fill(this.#bar, ...Object.values(this.#buttons));
    fill(stage.tools, this.#bar);
    document.body.append(this.#layer);
    this.#listen(signal);
    signal.addEventListener("abort", () => [this.#bar, this.#layer].forEach((node) => node.remove()));
  }

  /** Show what can be done now, while a poll has a `status`, and where none is shown. The buttons for opening and closing replace each other, and pass the focus on. */
  show({ status, hold }) {
    if (this.#buttons.all) this.#buttons.all.hidden = !this.#stage.many;
    if (!this.#host) return;
    const { open, close, reveal, timer } = this.#buttons;
    const focused = [open, close].includes(document.activeElement);
    for (const button of [open, reveal, timer]) button.hidden = !status;
    if (status === "open") open.hidden = true;
    write(open, say(status === "closed" ? "live.reopen" : "live.do_open"));
    close.hidden = status !== "open";
    write(reveal, say(hold ? "live.do_reveal" : "live.hold"));
    if (focused) (open.hidden ? close : open).focus();
  }

  /** Say what came of an act, with an `offer` (`{label, act, for}`, which lasts `for` ms) or without; an empty text clears
   * it. */
  tell(text, offer = null) {
    clearTimeout(this.#telling);
    const take = () => {
      this.tell("");
      offer.act();
    };
    const button = offer && element("button", { type: "button", "data-act": "undo", on: { click: take } }, offer.label);
    fill(this.#trouble, text && element("span", {}, text), button);
    this.#trouble.hidden = !text;
    if (text) this.#telling = setTimeout(() => this.tell(""), offer?.for ?? TOLD_MS);
  }

  /** Say what went wrong, until something goes right. */
  complain(text) {
    this.tell(text);
    clearTimeout(this.#telling);
  }

  #all(acts, entered, invited) {
    const page = document.documentElement;
    return {
      open: acts.open,
      close: acts.close,
      reveal: acts.reveal,
      next: acts.next,
      previous: acts.previous,
      timer: () => this.#open("timer", (made) => made.timerDialog(acts.countdown)),
      join: () => (this.#cover.kind === "join" ? this.#cover.remove() : this.#join(invited())),
      blank: () => this.#cover.blank(),
      uncover: () => this.#cover.kind !== "" && this.#cover.remove(),
      all: () => this.#stage.toggleAll(),
      theme: () => (page.dataset.theme = isDark() ? "light" : "dark"),
      full: FULL && (() => (document.fullscreenElement ? document.exitFullscreen() : page.requestFullscreen())),
      login: this.#offersLogin && (() => this.#open("login", (made) => made.loginDialog(entered))),
      help: () => this.#open("help", (made) => made.helpDialog(this.#told())),
    };
  }

  #join(place) {
    return this.#cover.join(place).catch(() => this.complain(say("shared.unreachable")));
  }

  get #offersLogin() {
    return !this.#host && !framed;
  }

  #told() {
    return { host: this.#host || framed, event: this.#event, login: this.#offersLogin, switched: (on) => (this.#keysOn = on) };
  }

  #names() {
    const steps = this.#event ? [...STEPS].reverse() : [];
    const hosts = this.#host ? [...steps, ...HOSTS] : [];
    return [...hosts, this.#offersLogin && "login", "join", "all", "theme", FULL && "full", "help"].filter(Boolean);
  }

  #button(name) {
    const label = STEPS.includes(name) ? say(`stage.do_${name}`) : say(`live.do_${name}`);
    const on = { click: () => this.#acts[name]() };
    const drawn = name === "help" ? "?" : ICONS[name] && icon(ICONS[name]);
    const attributes = { type: "button", "data-act": name, on };
    if (drawn) Object.assign(attributes, { class: "small", "aria-label": label, title: label });
    return element("button", attributes, drawn ?? label);
  }

  /** Do what a key or a step asks for, or say why it can't be; false if the key is not used here. */
  #do(name) {
    this.#wake();
    if ((HOSTS.includes(name) || STEPS.includes(name)) && !this.#host) return this.#refuse(name);
    if (STEPS.includes(name) && this.#cover.kind) return this.#cover.remove();
    return this.#acts[name] ? void this.#acts[name]() : false;
  }

  #refuse(name) {
    if (STEPS.includes(name) || framed) return false;
    const others = this.#event ? "stage.not_yours" : "live.not_yours";
    this.tell(say(this.#way === "login" ? others : "live.need_login"));
    return true;
  }

  #listen(signal) {
    document.addEventListener("keydown", (event) => this.#bringBack(event), { signal });
    listen((name) => this.#do(name), { on: () => this.#keysOn, signal });
    for (const name of ["pointermove", "pointerdown", "focusin", "keydown"]) {
      document.addEventListener(name, () => this.#wake(), { signal });
    }
    this.#wake();
  }

  /** A key that is pressed on a blank screen does nothing else. */
  #bringBack(event) {
    if (this.#cover.kind !== "blank") return;
    this.#cover.remove();
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  #wake() {
    document.body.classList.remove("idle");
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      // A clicked button keeps the focus; only focus that the keyboard brought keeps the controls shown.
      const used = this.#bar.querySelector(":focus-visible") || document.querySelector("dialog[open]");
      document.body.classList.toggle("idle", !used);
    }, IDLE_MS);
  }

  async #open(name, make) {
    const place = async (module) => {
      await module.styled();
      const made = make(module);
      this.#layer.append(made);
      return made;
    };
    try {
      const needs = () => later("live/dialogs", name === "login" ? name : "keys");
      if (!this.#dialogs.has(name)) this.#dialogs.set(name, needs().then(place));
      const dialog = await this.#dialogs.get(name);
      if (!dialog.open) dialog.showModal();
    } catch {
      this.#dialogs.delete(name);
      this.complain(say("shared.unreachable"));
    }
  }
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Calls `act(name)` at each key of the list, until `signal`; `on()` tells whether keys are enabled: `?` always is. */
function listen(act, { on, signal }) {
  document.addEventListener(
    "keydown",
    (event) => {
      const name = KEYS[event.key.toLowerCase()];
      const modified = event.ctrlKey || event.metaKey || event.altKey;
      if (!name || modified || event.repeat || isMeant(event.target, event.key)) return;
      if (!on() && name !== "help") return;
      if (act(name) !== false) event.preventDefault();
    },
    { signal },
  );
}

/** Whether a key is meant for a field, a button or an open dialog. A field in a dialog that has just closed keeps the
 * focus, and gets the keys, until the page is next painted. */
function isMeant(target, key) {
  const dialog = target.closest?.("dialog");
  if (dialog) return dialog.open;
  if (key === " " && target.closest?.("button, a, summary")) return true;
  return Boolean(target.closest?.("input, textarea, select"));
}
