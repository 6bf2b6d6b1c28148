/** Acts of voting, from their creation to their answer: stored before they are sent, and sent until answered. */

import { Busy, Unsettled } from "./basics.js";
import { readItem } from "./storage.js";

const WINDOW = 32; // in flight at once: fewer than a server queues for one voter
const MOST = 100;
const SOONEST_MS = 50;
const LONGEST_MS = 60_000;
const STALE_MS = 24 * 3600 * 1000; // longer than a guest lasts: nobody is waiting for it

/** The acts of one voter. Where their order matters (everywhere but for votes in a poll that takes several from one
 * voter), each waits for the one before it, so that no older vote is sent again after a newer one. */
export class Outbox {
  #storage;
  #origin;
  #deliver;
  #settled;
  #failed;
  #entries = new Map();
  #prefix = null;
  #ended = null;

  /** `deliver(act)` returns a promise of `{receipt}`, `{error}`, `{afterMs}`, or null if the act got lost; it returns
   * null itself if the server can't be reached now. `settled(act, receipt, error)` is called with each answer, `failed`
   * with errors. */
  constructor({ storage, origin, deliver, settled, failed }) {
    this.#storage = storage;
    this.#origin = origin;
    this.#deliver = deliver;
    this.#settled = settled;
    this.#failed = failed;
  }

  /** The acts without an answer, oldest first. */
  get pending() {
    return [...this.#entries.values()].map(({ act }) => ({ ...act }));
  }

  /** Load the unanswered acts of this voter from the storage: once, before any is added. */
  restore(subject) {
    if (this.#prefix !== null) return;
    this.#prefix = `nexus:op:${this.#origin}:${subject}:`;
    for (const act of this.#stored()) this.#entries.set(act.op, { act, flying: false, timer: null });
  }

  /** Store an act, send it as soon as possible, and return its receipt. */
  add(act) {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#entries.size >= MOST) return Promise.reject(new Busy(`${MOST} votes are already waiting for an answer.`));
    this.#store(act);
    const entry = { act, flying: false, timer: null };
    this.#entries.set(act.op, entry);
    const receipt = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
    this.pump();
    return receipt;
  }

  /** Send the acts that can be sent now. */
  pump() {
    if (this.#ended) return;
    const ahead = new Map();
    const entries = [...this.#entries.values()];
    let flying = entries.filter((entry) => entry.flying).length;
    for (const entry of entries) {
      const { poll, kind, many } = entry.act;
      const free = kind === "vote" && many ? ahead.get(poll) !== "ordered" : !ahead.has(poll);
      ahead.set(poll, kind === "vote" && many && free ? "free" : "ordered");
      if (!free || entry.flying || entry.timer !== null || flying >= WINDOW) continue;
      this.#send(entry);
      flying += 1;
    }
  }

  /** Send nothing more: callers that wait for an answer get `Unsettled`, and the acts stay stored. */
  end(reason) {
    this.#ended = reason;
    for (const { act, timer, reject } of this.#entries.values()) {
      clearTimeout(timer);
      reject?.(new Unsettled(act.poll, act.op, reason));
    }
    this.#entries.clear();
  }

  #send(entry) {
    const delivery = this.#deliver(entry.act);
    if (delivery === null) return;
    entry.flying = true;
    delivery.then(
      (verdict) => this.#hear(entry, verdict),
      (error) => {
        this.#failed(error);
        this.#hear(entry, { afterMs: 1000 });
      },
    );
  }

  #hear(entry, verdict) {
    entry.flying = false;
    if (this.#ended) return;
    if (verdict?.receipt || verdict?.error) this.#settle(entry, verdict);
    else if (verdict) this.#later(entry, verdict.afterMs);
    this.pump();
  }

  #later(entry, afterMs) {
    const wait = Math.min(LONGEST_MS, Math.max(SOONEST_MS, Number(afterMs) || 0));
    entry.timer = setTimeout(() => {
      entry.timer = null;
      this.pump();
    }, wait * (1 + Math.random() / 2));
  }

  #settle({ act, resolve, reject }, { receipt, error }) {
    this.#entries.delete(act.op);
    this.#storage.removeItem(this.#prefix + act.op);
    if (receipt) {
      const { status, epoch, version, stands } = receipt;
      const told = { op: act.op, poll: act.poll, status, epoch, version, stands };
      this.#settled(act, told, null);
      resolve?.(told);
    } else {
      this.#settled(act, null, error);
      reject?.(error);
    }
  }

  #store(act) {
    try {
      this.#storage.setItem(this.#prefix + act.op, JSON.stringify(act));
    } catch (error) {
      this.#failed(error); // full, or forbidden: the act is sent without being stored
    }
  }

  #stored() {
    const keys = Array.from({ length: this.#storage.length }, (_, index) => this.#storage.key(index));
    const own = keys.filter((key) => key?.startsWith(this.#prefix)).sort();
    const acts = own.map((key) => ({ key, act: readItem(this.#storage, key) }));
    const fresh = acts.filter(({ act }) => act && Date.now() - act.made < STALE_MS).slice(-MOST);
    const kept = new Set(fresh.map(({ key }) => key));
    for (const key of own) if (!kept.has(key)) this.#storage.removeItem(key);
    return fresh.map(({ act }) => act);
  }
}

