/** A poll or an event on stage: its news goes to the stage, and the presenter's acts go to the server. */

import { byId } from "../dom.js";
import { later, persist, whenUsed } from "../persist.js";
import { everySecond } from "../time.js";
import { reason, say } from "../words.js";
import { overlay, seen, veiled } from "./stage.js";

const UNSEEN = ["draft", "scheduled"]; // what the room may not see yet, though its host may

/** Shows `place`, a room or an event of `client`, on `stage`; `scenes` (event.js) are what shows an event. `way` is how the
 * screen entered, `notice` what the presenter should know of it, and `again()` enters once more, after a login. */
export class Show {
  #client;
  #place;
  #stage;
  #scenes;
  #controls = null;
  #notice;
  #over = new AbortController();
  #stop;

  constructor({ client, place, stage, scenes, way, again, notice }) {
    this.#client = client;
    this.#place = place;
    this.#stage = stage;
    this.#scenes = scenes;
    byId("screen").className = "";
    this.#listen();
    this.#notice = notice;
    if (!overlay) whenUsed(() => this.#control(way, again), this.#over.signal);
    this.#show();
    this.#stop = everySecond(
      () => client.now(),
      () => this.#room && stage.tick(this.#room.poll, this.#room.totals, client.now()),
    );
  }

  #listen() {
    this.#place.on("deleted", () => this.#gone());
    if (this.#scenes) {
      this.#scenes.shown = () => this.#showControls();
      this.#scenes.follow(this.#place);
    } else {
      for (const name of ["totals", "poll", "presence"]) this.#place.on(name, () => this.#show());
    }
  }

  /** The room of the poll on stage; null where an event shows none. */
  get #room() {
    return this.#scenes ? this.#scenes.room : this.#place;
  }

  async #control(way, again) {
    const { presenting } = await later("live/presenting");
    const { signal } = this.#over;
    if (signal.aborted) return;
    const entered = () => this.#end(again);
    const invited = () => this.#scenes?.invitation ?? this.#place.poll;
    const how = { way, signal, entered, invited };
    this.#controls = await presenting(this.#client, this.#place, this.#stage, how);
    if (this.#notice) this.#controls?.complain(this.#notice);
    this.#showControls();
  }

  #show() {
    if (this.#scenes) {
      this.#scenes.show();
    } else {
      this.#stage.show(seen(this.#place));
      const { poll, totals } = this.#place;
      this.#cover(UNSEEN.includes(totals.status) ? poll.code : null);
    }
    this.#showControls();
  }

  #showControls() {
    const { poll, totals } = this.#room ?? {};
    this.#controls?.show(poll ? { status: totals.status, hold: veiled(poll, totals.status) } : {});
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
    const { gone } = await persist(link, () => later("live/refused", "refused"));
    gone(link, this.#scenes ? "refused.event_deleted" : "refused.deleted");
  }
}
