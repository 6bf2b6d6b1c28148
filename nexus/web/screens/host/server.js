/** The server as the host's screen uses it: one login, its client, and the end of a login. */

import { Refused, connect } from "../../client.js";
import { root } from "../dom.js";
import { language } from "../words.js";

const WRONG_PASSWORD = "invalid_credentials"; // is 401 too, but does not concern the login

/** Whether `error` says that the login has ended. */
function endsLogin(error) {
  return error?.code === 4501 || (error instanceof Refused && error.status === 401 && error.code !== WRONG_PASSWORD);
}

/** What an account is called: its username, or what an OpenID provider calls it. */
export function nameOf({ username, sub }) {
  return username ?? sub.replace(/^ext:/, "");
}

/** A login and its client. `ended(left)` is called once if the server no longer accepts the login, or another tab ended
 * it; the promise `left` resolves when it is removed here. */
export class Server {
  #session = null;
  #ended;

  constructor(ended) {
    this.#ended = ended;
    /** The client of the current login; null before the first. */
    this.client = null;
    /** `{sub, username, roles}` of the account that is logged in; null before that is known. */
    this.me = null;
  }

  /** Whether who is logged in may create polls: an account here may, one of an OpenID provider with a role for it. */
  get hosts() {
    return this.me.roles.some((role) => ["user", "host", "admin"].includes(role));
  }

  /** Whether an admin is logged in. */
  get admin() {
    return this.me.roles.includes("admin");
  }

  /** Start with a login. Rejects with `Unreachable`, or with `Refused` if the login has ended. */
  async enter(login) {
    this.client?.close();
    this.#session = login;
    this.client = connect({ url: root, token: login.token, storage: "tab" });
    login.ended.then(() => this.#leave(login));
    this.client.on("error", (error) => console.warn(error.message)); // what it means is shown by `Touch`
    this.client.on("state", ({ name, error }) => {
      if (name === "closed") this.#look(error, login);
    });
    this.me = await this.call("GET", "/auth/me/");
  }

  /** As `Client.call`. */
  async call(method, path, body) {
    const login = this.#session;
    try {
      return await this.client.call(method, path, body);
    } catch (error) {
      this.#look(error, login);
      throw error;
    }
  }

  /** The answer to a request whose body is not JSON, or whose answer is large: a GET, unless `sent` says otherwise, as
   * `fetch` takes it. Rejects with `Refused` or TypeError. */
  async stream(path, sent = {}) {
    const login = this.#session;
    const headers = (token) => ({ Authorization: `Bearer ${token}`, "Accept-Language": language });
    const url = new URL(path.slice(1), root);
    const ask = (token) => fetch(url, { ...sent, headers: headers(token), cache: "no-store" });
    try {
      const token = await login.token();
      const answer = await ask(token);
      return answer.status === 401 ? await ask(await login.token(token)) : answer;
    } catch (error) {
      this.#look(error, login);
      throw error;
    }
  }

  /** End the login, here and on the server. */
  async leave() {
    const login = this.#session;
    this.#session = null;
    this.client?.close();
    await login?.logout().catch(() => {}); // the server can't be reached: the login is removed here, and expires there
  }

  #look(error, login) {
    if (endsLogin(error)) this.#leave(login);
  }

  #leave(login) {
    if (this.#session === login) this.#ended(this.leave());
  }
}
