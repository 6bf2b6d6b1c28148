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
  #help;
  #login = null; // the dialog, or what will be it

  constructor(root, acts, { host, way, signal, entered }) {
    this.#host = host;
    this.#help = this.#makeHelp(way);
    const page = document.documentElement;
    const full = () => (document.fullscreenElement ? document.exitFullscreen() : page.requestFullscreen());
    const login = mayLogIn(way) && (() => this.#askLogin(entered));
    this.#acts = { ...(host ? acts : {}), full, login, help: () => this.#help.showModal() };
    this.#buttons = Object.fromEntries(this.#names().map((name) => [name, this.#button(name)]));
    fill(this.#bar, ...Object.values(this.#buttons));
    root.append(this.#trouble, this.#bar, this.#help);
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

  async #askLogin(entered) {
    const make = ({ loginForm }) => {
      const made = dialog("login", say("live.log_in"), loginForm(entered));
      this.#help.after(made);
      return made;
    };
    try {
      this.#login ??= later("login").then(make);
      (await this.#login).showModal();
    } catch {
      this.#login = null;
      this.complain(say("shared.unreachable"));
    }
  }

  /** The list of shortcuts, and the switch that disables them (WCAG 2.2, 2.1.4). */
  #makeHelp(way) {
    const rows = [["O", "open"], ["C", "close"], ["R", "reveal"], ["F", "full"], ["L", "login"], ["?", "help"]];
    const list = element(
      "dl",
      { class: "keys" },
      rows.filter(([, name]) => name !== "login" || mayLogIn(way)).flatMap(([key, name]) => [
        element("dt", {}, element("kbd", {}, key)),
        element("dd", {}, say(`live.key_${name}`)),
      ]),
    );
    const keys = element("input", { type: "checkbox", id: "keys-on", checked: true });
    keys.addEventListener("change", () => (this.#keysOn = keys.checked));
    const switched = element("label", { class: "switch" }, keys, say("live.keys_on"));
    const host = !this.#host && !framed && element("p", { class: "faint" }, say("live.keys_host"));
    return dialog("help", say("live.keys"), list, host, switched);
  }
}

/** Whether a screen that has entered by `way` offers a login. */
function mayLogIn(way) {
  return way !== "login" && !framed;
}

/** Whether a key is meant for a field or an open dialog. A field in a dialog that has just closed keeps the focus, and
 * gets the keys, until the page is next painted. */
function isTyping(target) {
  const dialog = target.closest?.("dialog");
  return dialog ? dialog.open : Boolean(target.closest?.("input, textarea, select"));
}

function dialog(name, title, ...inside) {
  const heading = element("h2", { id: `${name}-title` }, title);
  const made = element("dialog", { id: `${name}-dialog`, "aria-labelledby": `${name}-title` });
  const close = element("button", { type: "button", on: { click: () => made.close() } }, say("shared.close"));
  made.append(heading, ...inside.filter(Boolean), close);
  return made;
}
