/** The Nexus client for browsers, and for Node: votes that count once, screens that never go back.
 *
 *     const guest = await enter({ url, code: "K7M2QP" });
 *     const client = connect({ url, token: guest.token });
 *     const room = await client.join(guest.poll);
 *     room.on("totals", show);
 *     await room.vote(room.poll.options[0].id);
 *
 * An event has one code for several polls, and whoever follows it is moved from one to the next:
 *
 *     const event = await client.enter("H4NDY7"); // a Room, as above, where it is the code of a poll
 *     event.on("shown", ({ event, room }) => show(room)); // the room of the poll that is shown now, or null
 */

import { Clock, Closed, Emitter, NexusError, Refused, Unreachable } from "./client/basics.js";
import { newOp, addressOf, spread, subjectOf } from "./client/basics.js";
import { normalizeCode } from "./client/code.js";
import { Link } from "./client/link.js";
import { Outbox } from "./client/outbox.js";
import { Rest, Tokens } from "./client/rest.js";
import { Room, RoomState } from "./client/room.js";
import { storageOf } from "./client/storage.js";
import { Upkeep } from "./client/upkeep.js";

export { Busy, Closed, NexusError, Refused, TurnedAway, Unreachable, Unsettled } from "./client/basics.js";
export { newOp } from "./client/basics.js";
export { isNewer } from "./client/room.js";
export { Session, acceptInvitation, login, readInvitation, redeem, register, session } from "./client/login.js";
export { enter, pair } from "./client/rest.js";
export { MemoryStorage, lasts } from "./client/storage.js";
export { Room };

/** Wait until the poll of `code` can be seen: one that is a draft or scheduled can't be yet. Stays connected through
 * outages, and asks over HTTP where no WebSocket opens. `waiting(reached)` is called with true once the server has said
 * that one has to wait, and with false while it can't be reached. Rejects with `Refused` (`poll_not_found`, …), or with
 * the reason of `signal` if that aborts. `WebSocket` and `fetch` replace the global ones. */
export async function waitFor(options) {
  const { AwaitedPoll } = await load("waiting"); // pages load it only where somebody waits
  return new AwaitedPoll(options).ready();
}

const EVENTS = ["state", "settled", "error"];
const PASSING = new Set(["unavailable", "too_many_messages"]); // refusals of a join that are no answer yet
const ROOM_FRAMES = new Set(["totals", "poll", "presence", "deleted"]);
const STALE = new Set(["already_voted", "vote_limit_reached", "change_not_allowed"]); // what this device did not know
const REREAD_MS = 600; // over which an audience looks again at its own ballots
const EARLY = 100;

/** A module that few pages need. It is a template, so that they do not load it at once. Rejects with `Unreachable`. */
async function load(name) {
  try {
    return await import(`./client/${name}.js`);
  } catch (cause) {
    throw new Unreachable(`The module ${name} could not be loaded.`, { cause });
  }
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** By what a room is known here: an id, or a code as it is kept. Throws TypeError. */
function keyOf(place) {
  const key = typeof place === "string" ? normalizeCode(place) : Number.isSafeInteger(place) && place;
  if (!key) throw new TypeError("a room must be named by an id or a code");
  return key;
}

/** Connect to the server at `url` (http or https, with its path if it has one) and stay connected; returns a `Client` at once.
 *
 * `token` is an access token, or an async function that returns one: it is called without an argument for the first,
 * and with the token to replace when a newer one is needed; `renew` is that function for a `token` that is a string. If
 * they throw `Refused`, the client ends; anything else is reported as `error`, and tried again.
 * `storage` keeps unanswered votes: "device" (localStorage, the default), "tab" (sessionStorage), or an object like them;
 * what the browser does not store is kept as long as the page. `WebSocket` and `fetch` replace the global ones. Throws TypeError for
 * invalid arguments. */
export function connect(options) {
  return new Client(options);
}

/** A connection to a server; `connect` creates it. Events, with what their listeners get:
 *
 * - `state`: the new `client.state`;
 * - `settled`: `{act, receipt, error}` at every answer to a vote or retraction, including those of an earlier page;
 * - `error`: an error that no caller is waiting for. Without a listener it is logged to the console. */
export class Client {
  #events = new Emitter(EVENTS);
  #clock = new Clock();
  #rooms = new Map();
  #joining = new Map();
  #early = []; // answers in polls whose rooms this client has not entered
  #tokens;
  #rest;
  #upkeep;
  #outbox;
  #following = null; // until an event is entered
  #polling = null; // until HTTP takes the place of sockets
  #probing = false;
  #unlisten;

  constructor({ url, token, renew, storage, WebSocket, fetch }) {
    const origin = addressOf(url);
    if (typeof token !== "function" && !(typeof token === "string" && token)) throw new TypeError("a token is missing");
    const SocketClass = WebSocket ?? globalThis.WebSocket;
    if (!SocketClass) throw new TypeError("no WebSocket is available");
    this.#tokens = new Tokens(token, renew);
    this.#rest = new Rest(fetch ?? globalThis.fetch.bind(globalThis), origin, this.#tokens);
    this.#outbox = this.#makeOutbox(origin, storage && typeof storage === "object" ? storage : storageOf(storage));
    this.#upkeep = this.#makeUpkeep(SocketClass, `ws${origin.slice(4)}/ws`);
    this.#unlisten = this.#listen();
    this.#upkeep.start().catch((error) => this.#upkeep.stop(error));
  }

  /** The state of the connection: `{name: "connecting"}`; `{name: "open", via}`, by `"socket"` or `"http"`;
   * `{name: "waiting", at, error}` until the next attempt at `at` (ms, this machine's clock), after `error`;
   * `{name: "closed", reason, code, error}`, permanently, where `code` is the close code if the server sent one. */
  get state() {
    return this.#upkeep.state;
  }

  /** Who this client is to the server, such as `user:12`; null until the server has said so. */
  get voter() {
    return this.#upkeep.voter ?? this.#polling?.me?.sub ?? null;
  }

  /** The votes and retractions without an answer, oldest first: `[{op, kind, poll, options, …}]`. */
  get pending() {
    return this.#outbox.pending;
  }

  /** The time by the server's clock, in ms since 1970, as well as it can be estimated. */
  now() {
    return this.#clock.now();
  }

  /** Call `listener` at each event `name` from now on; returns a function that stops that. */
  on(name, listener) {
    return this.#events.on(name, listener);
  }

  /** Enter the room of a poll, by its id (a number) or its code (a string), and return it; a room that this client is
   * already in is returned as it is. Waits for a connection. One that shows the poll to others enters it `as: "screen"`,
   * and is not counted as online. Rejects with `Refused` (`poll_not_found`, …), the error that ended the client, or
   * TypeError. */
  async join(poll, { as } = {}) {
    const key = keyOf(poll);
    const known = this.#known(key);
    if (known) return known;
    if (!this.#joining.has(key)) {
      const message = typeof key === "string" ? { code: key, as } : { poll: key, as };
      const admit = (answer) => !answer.event && this.#admit(answer, as);
      const joining = this.#enter(message, (polling) => polling.join(key), admit);
      this.#joining.set(key, joining.finally(() => this.#joining.delete(key)));
    }
    return this.#joining.get(key);
  }

  /** Enter what a code stands for: resolves to the `Room` of a poll, or to an `EventRoom`, which follows an event; its
   * property `event` tells them apart. A number is the id of an event. Otherwise as `join`; a code that nothing has is
   * `poll_not_found` or `event_not_found`. */
  async enter(place, { as } = {}) {
    const key = keyOf(place);
    const { Following } = await load("event");
    this.#following ??= new Following({
      upkeep: this.#upkeep,
      polling: () => this.#upkeep.http && this.#polling,
      enter: (...how) => this.#enter(...how),
      ask: (...how) => this.#ask(...how),
      admit: (...how) => this.#admit(...how),
      rise: (...how) => this.#rise(...how),
      fail: (error) => this.#fail(error),
    });
    return this.#following.enter(key, as);
  }

  /** Call the REST interface with this client's token; returns the body of the answer. `path` is like `/polls/`.
   * Rejects with `Refused` or `Unreachable`. */
  async call(method, path, body) {
    return (await this.#rest.call(method, path, { body })).body;
  }

  /** End the client. Votes without an answer are rejected with `Unsettled`, and stay in the storage. */
  close() {
    this.#upkeep.stop(new Closed("The client was closed."));
  }

  // --- Rooms -------------------------------------------------------------------------------------------------

  #known(key) {
    const named = ({ state }) => state.id === key || normalizeCode(state.poll.code ?? "") === key;
    const entry = [...this.#rooms.values()].find(named);
    return entry?.joined && entry.room;
  }

  /** Send a join, or ask `overHttp`, until there is an answer; `admit` takes it, and returns what it lets in. */
  async #enter(message, overHttp, admit) {
    for (;;) {
      await this.#upkeep.reached();
      const link = this.#upkeep.link;
      let room;
      const take = (answer) => (room = admit(answer));
      const answer = link ? await this.#ask(link, message, take) : await this.#askOverHttp(overHttp, take);
      if (room) return room;
      if (!answer?.event || link.over) continue;
      if (!this.#following?.has(answer.event.id)) link.send({ type: "leave", event: answer.event.id });
      throw new Refused("poll_not_found", "This is an event's code.");
    }
  }

  /** Join once; returns null, after a wait, if it is worth another attempt. Rejects with `Refused`. */
  async #ask(link, message, first) {
    const answer = await link.ask({ type: "join", ...message }, { first });
    if (answer?.type !== "error") return answer;
    if (!PASSING.has(answer.code)) throw new Refused(answer.code, answer.detail);
    await wait(spread(1000));
    return null;
  }

  async #askOverHttp(overHttp, take) {
    try {
      take(await overHttp(this.#polling));
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      this.#upkeep.http = false; // the server can't be reached: the next step is `reached`
    }
  }

  /** Let into a poll, for as long as it is "joined", by itself, or "followed", by an event that shows it. */
  #admit(joined, as, how = "joined") {
    let entry = this.#rooms.get(joined.poll.id);
    if (entry) {
      entry.state.enter(joined);
    } else if (joined.totals && this.state.name !== "closed") {
      const state = new RoomState(joined);
      entry = { state, room: new Room(state, this.#acts) };
      this.#rooms.set(state.id, entry);
      for (const { act, receipt } of this.#early) if (act.poll === state.id) state.settled(act, receipt);
      this.#early = this.#early.filter(({ act }) => act.poll !== state.id);
    }
    if (entry) entry[how] = { as };
    return entry?.room;
  }

  #rise(id, how) {
    const entry = this.#rooms.get(id) ?? {};
    entry[how] = null;
    if (!entry.joined && !entry.followed) this.#rooms.delete(id);
  }

  /** Enter everything again, telling the server what is known of it. */
  async #return(link) {
    await this.#following?.return(link);
    for (const [id, entry] of [...this.#rooms]) {
      if (!entry.joined) continue;
      try {
        await this.#reenter(link, id, entry);
      } catch (error) {
        if (this.#rooms.get(id) !== entry) continue;
        this.#rooms.delete(id);
        if (error.code === "poll_not_found") entry.state.end();
        else this.#fail(error);
      }
    }
  }

  async #reenter(link, id, { state, joined: { as } }) {
    const here = () => this.#rooms.get(id)?.state === state;
    while (!link.over && here()) {
      const { epoch, version } = state.totals;
      const first = (joined) => here() && state.enter(joined);
      if (await this.#ask(link, { poll: id, epoch, version, as }, first)) return;
    }
  }

  /** What is known of this voter's ballots may be out of date: read them again, soon. */
  #doubt(id) {
    const entry = this.#rooms.get(id);
    if (!entry || entry.doubted || entry.state.role !== "voter") return;
    entry.doubted = true;
    setTimeout(() => {
      entry.doubted = false;
      if (this.#rooms.get(id) !== entry) return;
      this.#reread(id).catch((error) => error instanceof Unreachable || this.#fail(error)); // the state shows that
    }, spread(REREAD_MS));
  }

  async #reread(id) {
    const entry = this.#rooms.get(id);
    const link = this.#upkeep.link;
    if (!entry) return;
    if (!entry.joined) await this.#following.refresh(id);
    else if (link) await this.#reenter(link, id, entry);
    else if (this.#upkeep.http) entry.state.enter(await this.#polling.join(id));
  }

  #leave(id) {
    if (!this.#rooms.get(id)?.joined) return;
    this.#rise(id, "joined");
    this.#upkeep.link?.send({ type: "leave", poll: id });
  }

  #take(message) {
    if (message.type === "error") {
      this.#fail(new Refused(message.code, message.detail));
    } else if (message.event) {
      this.#following?.take(message);
    } else if (ROOM_FRAMES.has(message.type)) {
      const id = message.type === "poll" ? message.poll.id : message.poll;
      const state = this.#rooms.get(id)?.state;
      const before = state?.poll.options;
      state?.take(message);
      if (before?.some((one) => !state.poll.options.some((other) => other.id === one.id))) this.#doubt(id); // a ballot went with it
      if (message.type === "deleted") this.#rooms.delete(id);
    }
  }

  // --- Acts --------------------------------------------------------------------------------------------------

  #acts = {
    act: (act) => this.#outbox.add({ op: newOp(), ...act, made: Date.now() }),
    leave: (id) => this.#leave(id),
    refresh: (id) => this.#reread(id),
  };

  #makeOutbox(origin, storage) {
    return new Outbox({
      storage,
      origin,
      deliver: (act) => this.#deliver(act),
      settled: (act, receipt, error) => this.#settled(act, receipt, error),
      failed: (error) => this.#fail(error),
    });
  }

  #deliver(act) {
    const { kind, op, poll, options, ballot, epoch } = act;
    const link = this.#upkeep.link;
    if (link) return link.exchange({ type: kind, op, poll, options, ballot, epoch });
    return this.#upkeep.http ? this.#rest.act(act) : null;
  }

  /** Pass an answer to its room, or keep it for a room that is being entered: its snapshot may be older. */
  #stands(act, receipt) {
    const entry = this.#rooms.get(act.poll);
    if (entry) entry.state.settled(act, receipt);
    else this.#early = [...this.#early.slice(1 - EARLY), { act, receipt }];
  }

  #settled(act, receipt, error) {
    if (receipt) this.#stands(act, receipt);
    if (STALE.has(error?.code)) this.#doubt(act.poll);
    if (!this.#upkeep.link) this.#polling?.wake();
    this.#events.emit("settled", { act, receipt, error });
  }

  // --- The connection ----------------------------------------------------------------------------------------

  #makeUpkeep(SocketClass, url) {
    const told = {
      changed: (state) => this.#changed(state),
      welcomed: (link) => this.#welcomed(link),
      blocked: () => this.#fallBack(),
      take: (message) => this.#take(message),
      failed: (error) => this.#fail(error),
    };
    const dial = (take) => Link.open(SocketClass, url, take);
    return new Upkeep({ dial, tokens: this.#tokens, clock: this.#clock, told });
  }

  #welcomed(link) {
    this.#polling?.wake();
    this.#resume();
    this.#return(link).catch((error) => this.#fail(error));
  }

  #resume() {
    this.#outbox.restore(subjectOf(this.#tokens.current));
    this.#outbox.pump();
  }

  #changed(state) {
    if (state.name === "closed") {
      this.#unlisten();
      this.#polling?.wake();
      this.#outbox.end(state.error);
    }
    this.#events.emit("state", state);
  }

  /** Sockets fail here: find out whether HTTP gets through, and use it until a socket does. */
  async #fallBack() {
    if (this.#probing || this.#upkeep.http) return;
    this.#probing = true;
    try {
      const { Polling } = await load("polling"); // few networks need it
      this.#polling ??= new Polling(this.#rest, this.#clock);
      await this.#polling.greet();
      this.#upkeep.http = true;
      if (this.#upkeep.http) {
        this.#resume();
        this.#polling.run(this.#upkeep, () => this.#refresh()).catch((error) => this.#fail(error));
      }
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.#upkeep.stop(error);
      else if (!(error instanceof Unreachable)) this.#fail(error); // the state shows that nothing gets through
    } finally {
      this.#probing = false;
    }
  }

  /** Bring everything up to date over HTTP. */
  async #refresh() {
    await this.#following?.poll(this.#polling);
    for (const [id, { state }] of [...this.#rooms]) {
      await this.#polling.refresh(state);
      if (state.deleted) this.#rooms.delete(id);
    }
  }

  /** React to what a browser reports of the network and of its own sleep. */
  #listen() {
    const page = globalThis.document;
    const hurry = () => {
      this.#upkeep.hurry();
      this.#polling?.wake();
    };
    const seen = () => {
      if (page.hidden) return;
      hurry();
      for (const id of this.#rooms.keys()) this.#doubt(id); // another tab may have voted meanwhile
    };
    const heard = [
      [globalThis, "online", hurry],
      [globalThis, "offline", hurry],
      [globalThis, "pageshow", hurry],
      [page, "visibilitychange", seen],
    ].filter(([target]) => typeof target?.addEventListener === "function");
    for (const [target, name, act] of heard) target.addEventListener(name, act);
    return () => heard.forEach(([target, name, act]) => target.removeEventListener(name, act));
  }

  #fail(error) {
    const told = error instanceof Error ? error : new NexusError(String(error));
    if (!this.#events.emit("error", told)) console.error(told);
  }
}
