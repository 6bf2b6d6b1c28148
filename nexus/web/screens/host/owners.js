/** What the owners of polls and of events are called, for those who see polls or events of others. */

import { say } from "../words.js";
import { who } from "./sentences.js";

/** Names by subject, for administrators: each account is asked for once. */
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

const GONE = new Set(["event_not_found", "forbidden"]); // deleted since, or not this host's any more

/** Names by subject, for co-hosts: the hosts of an event are asked for its owner, once for each owner. */
export class EventOwners {
  #server;
  #names = new Map();

  constructor(server) {
    this.#server = server;
  }

  /** Learn the names of the owners of `events`. Rejects as calls do. */
  async learn(events) {
    const { me } = this.#server;
    const fresh = new Map(events.map(({ created_by: sub, id }) => [sub, id]).filter(([sub]) => sub !== me.sub && !this.#names.has(sub)));
    await Promise.all([...fresh].map(async ([sub, id]) => this.#ask(sub, id)));
  }

  /** The owner of an event in words; an empty text if it is who is logged in. */
  of({ created_by: sub }) {
    return sub === this.#server.me.sub ? "" : say("hosting.owner", { name: this.#names.get(sub) ?? who(sub, {}) });
  }

  async #ask(sub, id) {
    try {
      const { owner } = await this.#server.call("GET", `/events/${id}/hosts/?page_size=1`);
      if (owner.username !== null) this.#names.set(owner.sub, owner.username);
    } catch (error) {
      if (!GONE.has(error.code)) throw error;
    }
  }
}
