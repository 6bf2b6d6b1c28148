/** What the tests share: the real server and its controls, a socket to meddle with, and waits with a bound. */

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { connect as dial } from "node:net";
import { createInterface } from "node:readline";
import { after } from "node:test";

import { MemoryStorage, connect } from "../../../nexus/web/client.js";

const WAIT_MS = 30_000;
const HOST = "user:1";

export const url = process.env.NEXUS_URL;

let controls = null;

/** Have the server's keeper do something: `start`, `stop`, `kill`, `pause` or `resume` it, or make a `token`. */
export async function keeper(act, more = {}) {
  controls ??= lay(); // once, however many tests ask at the same time
  const { socket, lines } = await controls;
  socket.write(`${JSON.stringify({ act, ...more })}\n`);
  const answer = JSON.parse((await lines.next()).value);
  assert.equal(answer.error, undefined);
  return answer.value;
}

async function lay() {
  const socket = dial(Number(process.env.NEXUS_KEEPER), "127.0.0.1");
  await once(socket, "connect");
  return { socket, lines: createInterface(socket)[Symbol.asyncIterator]() };
}

const open = new Set();

after(async () => {
  for (const client of open) client.close();
  (await controls)?.socket.destroy();
});

export function token(subject, { roles = ["user"], ttl_s = 3600 } = {}) {
  return keeper("token", { subject, roles, ttl_s });
}

export async function call(method, path, body) {
  const headers = { Authorization: `Bearer ${await token(HOST)}`, "Content-Type": "application/json" };
  const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  assert.ok(response.ok, text);
  return text ? JSON.parse(text) : null;
}

export function makePoll(fields = {}) {
  const options = ["Yes", "No", "Perhaps"].map((option_text) => ({ option_text }));
  return call("POST", "/polls/", { question: "Which?", options, ...fields });
}

let met = 100;

/** A client that ends with the tests, and its errors; a voter of its own, whose votes no other test slows down. */
export async function meet(subject = "", options = {}) {
  const storage = options.storage ?? new MemoryStorage();
  const own = options.token ?? (await token(subject || `user:${(met += 1)}`));
  const client = connect({ url, ...options, token: own, storage });
  open.add(client);
  client.errors = [];
  client.on("error", (error) => client.errors.push(error));
  return client;
}

export const counts = (totals) => totals.options.map(({ votes_count }) => votes_count);
export const rank = ({ epoch, version }) => epoch * 1e9 + version;

/** `promise`, or a failure that says what was waited for. */
export function soon(promise, what = "what was expected", ms = WAIT_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} has not come within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Resolves once `test` holds, for state that announces no change. */
export async function until(test, what) {
  const deadline = Date.now() + WAIT_MS;
  while (!test()) {
    assert.ok(Date.now() < deadline, `${what} has not come within ${WAIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The first event `name` of `source` from now on that passes `test`. */
export function when(source, name, test = () => true) {
  let end;
  const found = new Promise((resolve) => {
    end = source.on(name, (value) => test(value) && resolve(value));
  });
  return soon(found, `the event ${name}`).finally(end);
}

/** The totals of a room once they pass `test`, which they may do already. */
export async function totalsOf(room, test) {
  return test(room.totals) ? room.totals : when(room, "totals", test);
}

/** The state of a client once it is `name`, which it may be already. */
export async function stateOf(client, name) {
  return client.state.name === name ? client.state : when(client, "state", (state) => state.name === name);
}

/** Sockets between a client and the real server, to meddle with. `pass(frame, say)` is given every frame that comes in,
 * and says what the client gets to hear; `blocked` ones never open; `deaf` ones hear nothing. */
export class Wires extends EventEmitter {
  sockets = [];
  blocked = false;
  deaf = false;
  pass = (frame, say) => say(frame);

  constructor() {
    super();
    const wires = this;
    this.WebSocket = class extends Wire {
      constructor(address, protocol) {
        super(wires, address, protocol);
      }
    };
  }

  get last() {
    return this.sockets.at(-1);
  }

  /** The next frame that the client sends of this type. */
  sent(type) {
    return soon(
      new Promise((resolve) => {
        const take = (frame) => {
          if (frame.type !== type) return;
          this.off("sent", take);
          resolve(frame);
        };
        this.on("sent", take);
      }),
      `a ${type} from the client`,
    );
  }
}

class Wire extends EventTarget {
  #wires;
  #real = null;
  #over = false;

  constructor(wires, address, protocol) {
    super();
    this.#wires = wires;
    wires.sockets.push(this);
    if (wires.blocked) {
      setImmediate(() => this.cut(1006));
      return;
    }
    this.#real = new WebSocket(address, protocol);
    this.#real.addEventListener("open", () => this.#tell("open", {}));
    this.#real.addEventListener("error", () => this.#tell("error", {}));
    this.#real.addEventListener("close", ({ code, reason }) => this.cut(code, reason));
    this.#real.addEventListener("message", ({ data }) => {
      if (!wires.deaf) wires.pass(JSON.parse(data), (frame) => this.say(frame));
    });
  }

  say(frame) {
    if (!this.#over) this.#tell("message", { data: JSON.stringify(frame) });
  }

  send(text) {
    this.#wires.emit("sent", JSON.parse(text));
    this.#real.send(text);
  }

  /** End it, as if the server had with this code. */
  cut(code, reason = "") {
    if (this.#over) return;
    this.#over = true;
    this.#tell("close", { code, reason });
    this.#real?.close();
  }

  close() {
    this.cut(1000);
  }

  #tell(name, more) {
    this.dispatchEvent(Object.assign(new Event(name), more));
  }
}
