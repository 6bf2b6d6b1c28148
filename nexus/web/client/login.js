/** Accounts over HTTP: creating one, invitations, and logins, which tabs share or each have for themselves. */

import { Refused, claimsOf } from "./basics.js";
import { goodUntil, request, tools } from "./rest.js";
import { alone, readItem } from "./storage.js";

/** Create an account: `{id, username, roles}`. Rejects with `Refused` (`username_taken`, `invalid`), `Unreachable`. */
export async function register({ url, username, password, email, ...given }) {
  const { origin, fetch } = tools({ url, ...given });
  return (await request(fetch, origin, "POST", "/auth/register/", { body: { username, password, email } })).body;
}

/** Log in; returns a `Session`, which stays in the storage: `"tab"` for one that ends with the tab, else (`"device"`)
 * one that all tabs share. Rejects with `Refused` (`invalid_credentials`) or `Unreachable`. */
export function login({ username, password, ...given }) {
  return begin(given, "/auth/token/", { body: { username, password } });
}

/** Whom the invitation with this token is for, and its end: `{username, expires_at}`. Rejects with `Refused`
 * (`invitation_not_found`) or `Unreachable`. */
export async function readInvitation({ url, token, ...given }) {
  const { origin, fetch } = tools({ url, ...given });
  return (await request(fetch, origin, "POST", "/auth/invitation/read/", { body: { token } })).body;
}

/** Choose the password of an account that was invited, or whose password is to be reset, with the token of its link; logs
 * in as `login` does. Rejects with `Refused` (`invitation_not_found`, `weak_password`) or `Unreachable`. */
export function acceptInvitation({ token, password, ...given }) {
  return begin(given, "/auth/invitation/", { body: { token, password } });
}

/** Log in with the code that the way to an OpenID provider and back has left in the page's address; as `login`. The code
 * serves once, in the browser that went that way: `Refused` (`unauthenticated`) anywhere else. */
export function redeem({ code, ...given }) {
  return begin(given, "/auth/oidc/token/", { body: { code }, cookies: true });
}

async function begin(given, path, options) {
  const { origin, kept, fetch } = tools(given);
  const { body } = await request(fetch, origin, "POST", path, options);
  keep(origin, kept, body);
  return new Session(origin, kept, fetch);
}

/** The login in this storage, by default the one of this tab, else of this device: a `Session`, or null without one. */
export function session({ storage, ...given }) {
  const { origin, kept, fetch } = tools({ storage: storage ?? "tab", ...given });
  if (readItem(kept, keyOf(origin))) return new Session(origin, kept, fetch);
  return storage ? null : session({ storage: "device", ...given });
}

function keyOf(origin) {
  return `nexus:login:${origin}`;
}

function keep(origin, kept, { access, refresh, expires_in: lasts }) {
  const pair = { access, refresh, until: goodUntil(Date.now(), lasts) };
  kept.setItem(keyOf(origin), JSON.stringify(pair));
  return pair;
}

/** A login. `token` is for `connect`.
 *
 * Tabs that share a storage share the login: the first that needs a newer token renews it for all. A storage of one tab
 * is copied when the tab is doubled. Both tabs then renew at once, which the server allows, so that each has a pair of
 * its own and stays logged in however long the other sleeps. Only ids pass between tabs, never tokens. */
export class Session {
  static #all = new Set(); // weak references to those of this page
  static #channel = null;
  #origin;
  #kept;
  #fetch;
  #id;
  #end;

  constructor(origin, kept, fetch) {
    this.#origin = origin;
    this.#kept = kept;
    this.#fetch = fetch;
    this.#id = claimsOf(this.#pair.access).sid;
    /** The newest access token; rejects with `Refused` once the login has ended. */
    this.token = async (earlier) => (await this.#newest(earlier)).access;
    /** Resolves once the login has ended: here, in another tab, or on the server. */
    this.ended = new Promise((resolve) => (this.#end = resolve));
    Session.#open();
    Session.#all.add(new WeakRef(this));
    if (!kept.shared) this.#tell({ pair: this.#pairId, asks: true });
  }

  static #open() {
    try {
      Session.#channel ??= new BroadcastChannel("nexus:login");
      Session.#channel.onmessage = ({ data }) => Session.#pass(data);
      Session.#channel.unref?.(); // Node may end
    } catch {
      // There is none here: tabs learn of a logout from the server.
    }
  }

  static #pass(message, from) {
    for (const weak of Session.#all) {
      const one = weak.deref();
      if (!one) Session.#all.delete(weak);
      else if (one !== from && message.login === one.#id) one.#hear(message, from);
    }
  }

  /** End the login, on the server and in all tabs; it is removed here in any case. Rejects with `Unreachable`. */
  async logout() {
    try {
      const { access: token, refresh } = await this.#newest();
      await request(this.#fetch, this.#origin, "POST", "/auth/logout/", { body: { refresh }, token });
    } catch (error) {
      if (!(error instanceof Refused)) throw error; // a login that is refused has already ended
    } finally {
      this.#drop();
      this.#tell({ ended: true });
    }
  }

  /** The pair of this login in the storage, or null. */
  get #pair() {
    const pair = readItem(this.#kept, keyOf(this.#origin));
    return !pair || (this.#id && claimsOf(pair.access).sid !== this.#id) ? null : pair;
  }

  get #pairId() {
    return claimsOf(this.#pair?.access).jti;
  }

  #tell(message) {
    const whole = { ...message, login: this.#id };
    Session.#pass(whole, this);
    Session.#channel?.postMessage(whole);
  }

  #hear({ ended, pair, asks }, from) {
    if (ended) this.#drop();
    else if (pair && pair === this.#pairId && from?.#kept !== this.#kept) {
      const access = this.#pair.access;
      if (asks) this.#tell({ pair });
      this.token(access).catch(() => {}); // it is renewed when it is needed
    }
  }

  #drop() {
    if (this.#pair) this.#kept.removeItem(keyOf(this.#origin));
    this.#end();
  }

  /** The newest pair of tokens, other than that of the token `earlier`, while no other tab renews it. */
  #newest(earlier) {
    return alone(keyOf(this.#origin), () => this.#renewed(earlier));
  }

  async #renewed(earlier) {
    const pair = this.#pair;
    if (pair && pair.access !== earlier && pair.until > Date.now()) return pair;
    try {
      if (!pair) throw new Refused("unauthenticated", "There is no login here.", { status: 401 });
      const { body } = await request(this.#fetch, this.#origin, "POST", "/auth/token/refresh/", {
        body: { refresh: pair.refresh },
      });
      if (this.#pair) return keep(this.#origin, this.#kept, body); // else it was ended meanwhile
      throw new Refused("unauthenticated", "The login has ended.", { status: 401 });
    } catch (error) {
      const now = this.#pair;
      if (now && now.refresh !== pair?.refresh) return now; // another tab was faster
      if (error instanceof Refused && error.status === 401) this.#drop();
      throw error;
    }
  }
}
