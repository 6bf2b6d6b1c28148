/** The routes of the host's screen: the part of the address after `#`. */

const ROUTES = [
  [/^\/?$/, "list"],
  [/^\/new$/, "new"],
  [/^\/poll\/(\d+)$/, "poll"],
  [/^\/poll\/(\d+)\/edit$/, "edit"],
  [/^\/poll\/(\d+)\/history$/, "history"],
  [/^\/events$/, "events"],
  [/^\/events\/new$/, "event_new"],
  [/^\/events\/text$/, "event_text"],
  [/^\/events\/file$/, "event_file"],
  [/^\/event\/(\d+)$/, "event"],
  [/^\/event\/(\d+)\/control$/, "event_control"],
  [/^\/event\/(\d+)\/edit$/, "event_edit"],
  [/^\/event\/(\d+)\/new$/, "event_poll"],
  [/^\/event\/(\d+)\/history$/, "event_history"],
  [/^\/event\/(\d+)\/text$/, "event_text"],
  [/^\/event\/(\d+)\/results$/, "event_results"],
  [/^\/account$/, "account"],
  [/^\/accounts$/, "users"],
  [/^\/categories$/, "categories"],
];

/** The view that a hash names: `{name, id, query}`; null if there is no such view. */
export function route(hash) {
  const [path, query] = hash.replace(/^#/, "").split(/\?(.*)/s);
  for (const [pattern, name] of ROUTES) {
    const found = pattern.exec(path);
    const id = found?.[1] ? Number(found[1]) : null;
    if (found && (id === null || Number.isSafeInteger(id))) return { name, id, query: new URLSearchParams(query) };
  }
  return null;
}

/** Follows the hash: calls `show(route)` at each change, once `leave()` has resolved to true for what was shown. */
export class Router {
  #show;
  #leave;
  #shown = null;
  #asking = false;

  constructor(show, leave) {
    this.#show = show;
    this.#leave = leave;
    addEventListener("hashchange", () => this.follow());
  }

  /** Go to where the address is now. */
  async follow() {
    if (this.#asking || location.hash === this.#shown) return;
    if (this.#shown !== null && !(await this.#free())) {
      history.pushState(null, "", this.#shown || "#/"); // the address stays that of the view that is shown
      return;
    }
    const found = route(location.hash);
    if (!found) history.replaceState(null, "", "#/");
    this.#shown = location.hash;
    this.#show(found ?? route("#/"));
  }

  /** The view that is shown is at `hash` from now on: it says more of what it shows. An address that has changed
   * meanwhile stays, and is followed as soon as the browser tells of it. */
  stay(hash) {
    if (location.hash !== this.#shown) return;
    history.replaceState(null, "", hash);
    this.#shown = location.hash;
  }

  /** Show the current view again. */
  again() {
    this.#shown = null;
    this.follow();
  }

  async #free() {
    this.#asking = true;
    try {
      return await this.#leave();
    } finally {
      this.#asking = false;
    }
  }
}
