/** A poll on stage: the room's news goes to the stage, and the host's acts go to the server. */

import { Refused } from "../../client.js";
import { byId, element, fill } from "../dom.js";
import { later } from "../persist.js";
import { everySecond, timeLeft } from "../time.js";
import { reason, say } from "../words.js";
import { Controls } from "./controls.js";
import { Stage } from "./stage.js";

const CLOSED = "closed";
const UNSEEN = ["draft", "scheduled"]; // what the room may not see yet, though its host may

/** Whether the stage hides the counts, even if its viewer may see them: a screen in front of an audience shows no more
 * than the poll's results policy lets everyone see. */
export function veiled(poll, status) {
  if (poll.results === "live") return false;
  return poll.results === "host" || status !== CLOSED;
}

/** Shows `room` of `client`; `way` is how the screen entered, `notice` what the presenter should know of it, and `again()`
 * enters once more, after a login. */
export class Show {
  #client;
  #room;
  #stage;
  #controls;
  #before = "host"; // the policy that hid the results
  #over = new AbortController();
  #stop;

  constructor({ client, room, link, way, again, notice }) {
    this.#client = client;
    this.#room = room;
    const overlay = document.body.classList.contains("overlay");
    const { signal } = this.#over;
    byId("screen").className = "";
    this.#stage = new Stage(byId("screen"), link, { overlay, code: room.poll.code, signal });
    for (const name of ["totals", "poll", "presence"]) room.on(name, () => this.#show());
    room.on("deleted", () => this.#gone());
    const controls = { host: ["host", "presenter"].includes(room.role), way, signal, entered: () => this.#end(again) };
    if (!overlay) this.#controls = new Controls(byId("screen"), this.#acts(), controls);
    if (notice) this.#controls?.complain(notice);
    this.#show();
    this.#stop = everySecond(
      () => client.now(),
      () => this.#stage.tick(timeLeft(room.poll, room.totals.status, client.now())),
    );
  }

  #show() {
    const { poll, totals, online } = this.#room;
    const hold = totals.visibility !== "full" || veiled(poll, totals.status);
    this.#stage.show({ poll, totals, online, hold });
    this.#cover(UNSEEN.includes(totals.status) ? poll.code : null);
    this.#controls?.show({ status: totals.status, hold: veiled(poll, totals.status) });
  }

  /** Show the lobby instead of the poll as long as there is a `code`. */
  #cover(code) {
    if (code === null && !document.body.classList.contains("covered")) return;
    document.body.classList.toggle("covered", code !== null);
    if (code !== null) document.title = say("live.title");
    later("live/lobby").then(({ cover }) => cover(code), (error) => this.#controls?.complain(reason(error)));
  }

  #acts() {
    const { id } = this.#room.poll;
    const post = (name) => this.#do(() => this.#client.call("POST", `/polls/${id}/${name}/`));
    return {
      open: () => this.#room.totals.status !== "open" && post("open"),
      close: () => this.#room.totals.status === "open" && post("close"),
      reveal: () => this.#reveal(id),
    };
  }

  /** Show the results on every screen, or hide them again under the policy that hid them before. */
  #reveal(id) {
    const { poll, totals } = this.#room;
    const hidden = veiled(poll, totals.status);
    if (hidden) this.#before = poll.results;
    const again = veiled({ results: this.#before }, totals.status) ? this.#before : "host";
    const results = hidden ? "live" : again;
    return this.#do(() => this.#client.call("PATCH", `/polls/${id}/`, { results }));
  }

  async #do(act) {
    try {
      await act();
      this.#controls.complain("");
    } catch (error) {
      const why = error instanceof Refused ? reason(error) : say("shared.unreachable");
      this.#controls.complain(say("live.failed", { reason: why }));
    }
  }

  #end(then) {
    this.#over.abort();
    this.#stop();
    this.#client.close();
    then();
  }

  #gone() {
    this.#client.close();
    const main = byId("screen");
    main.className = "entry";
    fill(main, element("h1", {}, say("live.deleted")));
  }
}
