/** What a presenter can do, with buttons and keys. Hidden while nobody uses them. */

import { element, fill, framed, write } from "../dom.js";
import { later } from "../persist.js";
import { say } from "../words.js";

const IDLE_MS = 4000;

/** The controls below `root`. `acts` are `open`, `close` and `reveal`, which only a `host` has; `way` is how the screen
 * entered: after a `login` it does not offer another, which is told to `entered()`. `signal` ends them. */
export class Controls {
  #acts;
  #host;
  #keysOn = true;
  #idle = null;
  #bar = element("nav", { class: "controls", "aria-label": say("live.controls") });
  #trouble = element("p", { id: "trouble", class: "note bad", role: "alert", hidden: true });
  #buttons;
  #dialogs = new Map(); // by name: each, or what will be it

  constructor(root, acts, { host, way, signal, entered }) {
    this.#host = host;
    const page = document.documentElement;
    const full = () => (document.fullscreenElement ? document.exitFullscreen() : page.requestFullscreen());
    const login = way !== "login" && !framed && (() => this.#open("login", (made) => made.loginDialog(entered)));
    const told = { host: host || framed, login: Boolean(login), switched: (on) => (this.#keysOn = on) };
    const help = () => this.#open("help", (made) => made.helpDialog(told));
    this.#acts = { ...(host ? acts : {}), full, login, help };
    this.#buttons = Object.fromEntries(this.#names().map((name) => [name, this.#button(name)]));
    fill(this.#bar, ...Object.values(this.#buttons));
    root.append(this.#trouble, this.#bar);
    this.#listen(signal);
  }

  /** Show what can be done now. The buttons for opening and closing replace each other, and pass the focus on. */
  show({ status, hold }) {
    if (!this.#host) return;
    const { open, close, reveal } = this.#buttons;
    const focused = [open, close].includes(document.activeElement);
    open.hidden = status === "open";
    write(open, say(status === "closed" ? "live.reopen" : "live.open"));
    close.hidden = status !== "open";
    write(reveal, say(hold ? "live.reveal" : "live.hold"));
    if (focused) (open.hidden ? close : open).focus();
  }

  /** Say what went wrong; an empty text clears it. */
  complain(text) {
    write(this.#trouble, text);
    this.#trouble.hidden = !text;
  }

  #names() {
    return ["open", "close", "reveal", "login", "full", "help"].filter((name) => this.#acts[name]);
  }

  #button(name) {
    const label = { login: "log_in", full: "full_screen" }[name] ?? name;
    const on = { click: () => this.#acts[name]() };
    return element("button", { type: "button", "data-act": name, on }, say(`live.${label}`));
  }

  #listen(signal) {
    const keys = { o: "open", c: "close", r: "reveal", l: "login", f: "full", "?": "help" };
    document.addEventListener("keydown", (event) => {
      this.#wake();
      const modified = event.ctrlKey || event.metaKey || event.altKey;
      const act = this.#acts[keys[event.key.toLowerCase()]];
      if (!act || isTyping(event.target) || modified || event.repeat) return;
      if (!this.#keysOn && event.key !== "?") return;
      event.preventDefault();
      act();
    }, { signal });
    for (const name of ["pointermove", "pointerdown", "focusin"]) {
      document.addEventListener(name, () => this.#wake(), { signal });
    }
    this.#wake();
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
    const place = (module) => {
      const made = make(module);
      this.#bar.after(made);
      return made;
    };
    try {
      if (!this.#dialogs.has(name)) this.#dialogs.set(name, later("live/dialogs").then(place));
      const dialog = await this.#dialogs.get(name);
      if (!dialog.open) dialog.showModal();
    } catch {
      this.#dialogs.delete(name);
      this.complain(say("shared.unreachable"));
    }
  }
}

/** Whether a key is meant for a field or an open dialog. A field in a dialog that has just closed keeps the focus, and
 * gets the keys, until the page is next painted. */
function isTyping(target) {
  const dialog = target.closest?.("dialog");
  return dialog ? dialog.open : Boolean(target.closest?.("input, textarea, select"));
}
