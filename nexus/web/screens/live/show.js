/** A poll on stage: the room's news goes to the stage, and the presenter's acts go to the server. */

import { byId } from "../dom.js";
import { later, persist, whenUsed } from "../persist.js";
import { everySecond } from "../time.js";
import { reason, say } from "../words.js";
import { overlay, seen, veiled } from "./stage.js";

const UNSEEN = ["draft", "scheduled"]; // what the room may not see yet, though its host may

/** Shows `room` of `client` on `stage`; `way` is how the screen entered, `notice` what the presenter should know of it,
 * and `again()` enters once more, after a login. */
export class Show {
  #client;
  #room;
  #stage;
  #controls = null;
  #notice;
  #over = new AbortController();
  #stop;

  constructor({ client, room, stage, way, again, notice }) {
    this.#client = client;
    this.#room = room;
    this.#stage = stage;
    byId("screen").className = "";
    for (const name of ["totals", "poll", "presence"]) room.on(name, () => this.#show());
    room.on("deleted", () => this.#gone());
    this.#notice = notice;
    if (!overlay) whenUsed(() => this.#control(way, again), this.#over.signal);
    this.#show();
    this.#stop = everySecond(
      () => client.now(),
      () => stage.tick(room.poll, room.totals, client.now()),
    );
  }

  async #control(way, again) {
    const { presenting } = await later("live/presenting");
    const { signal } = this.#over;
    if (signal.aborted) return;
    const entered = () => this.#end(again);
    this.#controls = await presenting(this.#client, this.#room, this.#stage, { way, signal, entered });
    if (this.#notice) this.#controls?.complain(this.#notice);
    this.#showControls();
  }

  #show() {
    this.#stage.show(seen(this.#room));
    const { poll, totals } = this.#room;
    this.#cover(UNSEEN.includes(totals.status) ? poll.code : null);
    this.#showControls();
  }

  #showControls() {
    const { poll, totals } = this.#room;
    this.#controls?.show({ status: totals.status, hold: veiled(poll, totals.status) });
  }

  /** Show the lobby instead of the poll as long as there is a `code`. */
  #cover(code) {
    if (code === null && !document.body.classList.contains("covered")) return;
    document.body.classList.toggle("covered", code !== null);
    if (code !== null) document.title = say("live.title");
    later("live/lobby").then(({ cover }) => cover(code), (error) => this.#controls?.complain(reason(error)));
  }

  #end(then) {
    this.#over.abort();
    this.#stop();
    this.#client.close();
    then();
  }

  async #gone() {
    const link = byId("link");
    this.#end(() => {});
    const { gone } = await persist(link, () => later("live/refused"));
    gone(link);
  }
}
