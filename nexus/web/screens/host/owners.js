/** What the owners of polls are called, for administrators who see polls of others. */

import { say } from "../words.js";
import { who } from "./sentences.js";

/** Names by subject; each account is asked for once. */
export class Owners {
  #server;
  #names = new Map();

  constructor(server) {
    this.#server = server;
  }

  /** Learn the names of the owners of `polls`. Rejects as calls do. */
  async learn(polls) {
    const fresh = new Set(polls.map((poll) => poll.created_by).filter((sub) => !this.#names.has(sub)));
    await Promise.all([...fresh].map(async (sub) => this.#names.set(sub, await this.#ask(sub))));
  }

  /** The owner of a poll in words; an empty text if it is who is logged in. */
  of({ created_by: sub }) {
    return sub === this.#server.me.sub ? "" : say("hosting.owner", { name: this.#names.get(sub) ?? who(sub, {}) });
  }

  async #ask(sub) {
    const id = /^user:(\d+)$/.exec(sub)?.[1];
    if (!id || sub === this.#server.me.sub) return who(sub, {});
    try {
      return (await this.#server.call("GET", `/users/${id}/`)).username;
    } catch (error) {
      if (error.code !== "user_not_found") throw error;
      return who(sub, {}); // the account is gone since
    }
  }
}
