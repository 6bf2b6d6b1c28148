/** Live control: an event in the hand of who presents it. Several devices may be in control at once: each act says what its
 * device saw shown, and each device says what others did. */

import { Refused } from "../../client.js";
import { stayAwake } from "../awake.js";
import { element, set, write } from "../dom.js";
import { sheet } from "../sheets.js";
import { everySecond } from "../time.js";
import { brandName, say } from "../words.js";
import { Contact } from "./contact.js";
import { steps } from "./cue.js";
import { told } from "./faults.js";
import { OnAir } from "./onair.js";
import { Others } from "./others.js";
import { announce, back, heading } from "./parts.js";
import { Questions } from "./questions.js";
import { shownPlace } from "./showing.js";
import { Thumb } from "./thumb.js";
import { VotingActs } from "./votingacts.js";

const CATCH_UP_MS = 3000; // in which a follower has what has committed
const GONE = ["event_not_found", "forbidden"];

/** The view of the event `id`. */
export class ControlView {
  #server;
  #id;
  #place = null;
  #room = null;
  #last = null; // what was shown last, where nothing is
  #endings = [];
  #heard = []; // what ends the listening to the room
  #contact = null;
  #others = null;
  #busy = false;
  #gone = false;
  #home = element("div");
  #here = element("p", { class: "here" });
  #air = new OnAir();
  #acts = new VotingActs((pressed, call) => this.#call(pressed, call));
  #questions = new Questions((id, pressed) => this.#show(id, pressed));
  #thumb = new Thumb((step, pressed) => this.#go(step, pressed));

  constructor(server, id) {
    this.#server = server;
    this.#id = id;
    this.title = say("control.title");
    this.heading = heading(say("control.title"));
    set(this.heading, "class", "unseen"); // one sees what this is
    const top = element("div", { class: "top" }, this.#home, this.#here);
    const main = element("div", { class: "stack tight" }, this.#air.node, this.#acts.node);
    const columns = element("div", { class: "columns" }, main, this.#questions.node);
    this.node = element("div", { class: "control" }, top, this.heading, columns, this.#thumb.node);
  }

  /** Follow the event. Rejects as calls do. */
  async open() {
    const { client } = this.#server;
    [this.#place] = await Promise.all([client.enter(this.#id), sheet("host/control")]);
    if (this.#place.role !== "host") throw new Refused("event_not_found", "");
    if (this.#place.event.shown === null) this.#last = await this.#shownLast();
    this.#home.append(back(`#/event/${this.#id}`, ""));
    this.#others = new Others(this.#state());
    this.#endings.push(this.#place.on("shown", () => this.#moved()));
    this.#endings.push(this.#place.on("presence", () => this.#paint()));
    this.#endings.push(this.#place.on("deleted", () => this.#end()));
    this.#contact = new Contact(client, (...touch) => this.#touched(...touch));
    this.#endings.push(() => this.#contact.end());
    this.#enter();
    const awake = new AbortController();
    stayAwake(awake.signal);
    this.#endings.push(() => awake.abort());
    this.#endings.push(everySecond(() => client.now(), () => this.#air.tick(this.#room, client.now())));
    this.#paint();
  }

  close() {
    for (const end of [...this.#endings.splice(0), ...this.#heard.splice(0)]) end();
    this.#place?.leave();
  }

  /** What was shown before nothing was: the history knows. */
  async #shownLast() {
    const query = `action=show&target_type=event&target_id=${this.#id}&page_size=1`;
    const { results } = await this.#server.call("GET", `/events/${this.#id}/audit/?${query}`);
    return results[0]?.details.shown?.[0] ?? null;
  }

  // --- What is shown -----------------------------------------------------------------------------------------

  #state() {
    const { event, room } = this.#place;
    const end = room?.poll.expires_at ? Date.parse(room.poll.expires_at) : null;
    return { shown: event.shown, status: room?.totals.status, results: room?.poll.results, end };
  }

  #enter() {
    this.#room = this.#place.room;
    for (const end of this.#heard.splice(0)) end();
    for (const name of ["totals", "poll"]) {
      if (this.#room) this.#heard.push(this.#room.on(name, () => this.#changed()));
    }
  }

  #moved() {
    if (this.#place.room !== this.#room) {
      if (this.#room) this.#last = this.#room.id;
      this.#enter();
    }
    this.#changed();
  }

  #changed() {
    this.#paint();
    if (!this.#busy) this.#judge();
  }

  /** Say what somebody else has done. */
  #judge() {
    const name = this.#gone ? null : this.#others.take(this.#state(), this.#server.client.now());
    if (name) announce(this.#thumb.line, say(name, { place: shownPlace(this.#place.event) }));
  }

  #paint() {
    if (this.#gone) return;
    const { event, online, room } = this.#place;
    this.title = `${event.title} – ${say("control.title")}`;
    if (this.node.isConnected) document.title = `${this.title} – ${brandName}`;
    this.#name(event.title);
    write(this.#here, online === null ? "" : say("event.online", { n: online }));
    this.#air.show(event, room);
    this.#air.tick(room, this.#server.client.now());
    this.#offer();
  }

  #name(title) {
    const link = this.#home.firstChild;
    if (link.lastChild.textContent !== title) link.replaceChildren(link.firstChild, element("span", { dir: "auto" }, title));
  }

  /** Offer what can be done now. */
  #offer() {
    const { event, room } = this.#place;
    const why = this.#gone ? say("event.gone") : this.#contact?.touch.since ? say("control.why_lost") : null;
    this.#acts.show(room, why);
    this.#questions.show(event, why);
    this.#thumb.show(steps(event, this.#last), event.polls, why);
  }

  #touched({ since, late }, before) {
    const { link, line } = this.#thumb;
    write(link, since ? say("control.lost", { since }) : late ? say("shared.link_http") : "");
    link.hidden = !since && !late;
    if (since) announce(line, "");
    else if (before.since) announce(line, say("control.found"));
    this.#offer();
  }

  #end() {
    this.#gone = true;
    announce(this.#thumb.line, say("event.gone"), true);
    this.#offer();
  }

  // --- What is done ------------------------------------------------------------------------------------------

  #go(step, pressed) {
    const { poll } = steps(this.#place.event, this.#last)[step];
    if (poll === undefined) return;
    const first = step === "back" && poll === null;
    this.#show(poll?.id ?? null, pressed, () => first && (this.#last = null)); // Next begins at the first again
  }

  /** Show a question, or nothing, unless somebody else was quicker. */
  #show(poll, pressed, done = () => {}) {
    return this.#do(pressed, async () => {
      const path = `/events/${this.#id}/`;
      try {
        const event = await this.#server.call("POST", `${path}show/`, { poll, from: this.#place.event.shown });
        this.#others.did({ shown: event.shown });
        await this.#caughtUp(event.revision);
        done();
        this.#air.reveal();
        announce(this.#thumb.line, this.#said());
      } catch (error) {
        if (error.code !== "event_moved") throw error;
        await this.#caughtUp((await this.#server.call("GET", path)).revision);
        this.#others.take(this.#state(), this.#server.client.now());
        const place = shownPlace(this.#place.event);
        announce(this.#thumb.line, say(place ? "control.quicker_shown" : "control.quicker_nothing", { place }));
      }
    });
  }

  #said() {
    const { polls, shown } = this.#place.event;
    const found = polls.find(({ id }) => id === shown);
    return found ? say("event.shown_now", { question: found.question }) : say("control.said_nothing");
  }

  #call(pressed, { method, path, body, said }) {
    return this.#do(pressed, async () => {
      const { id } = this.#room;
      const { status, results, expires_at: end } = await this.#server.call(method, `/polls/${id}/${path}`, body);
      this.#others.did(method === "PATCH" ? { results } : { status, end: end && Date.parse(end) });
      announce(this.#thumb.line, said);
    });
  }

  /** Do one thing at a time. Its outcome is announced, and what others did meanwhile. */
  async #do(pressed, work) {
    if (this.#busy || pressed.getAttribute("aria-disabled") === "true") return;
    this.#busy = true;
    set(pressed, "aria-busy", "true");
    announce(this.#thumb.line, "");
    try {
      await work();
    } catch (error) {
      if (GONE.includes(error.code)) this.#end();
      else announce(this.#thumb.line, told(error), true);
    } finally {
      this.#busy = false;
      set(pressed, "aria-busy", null);
      this.#offer();
      this.#judge();
    }
  }

  /** Resolves once this device is shown the event as it is at `revision`, or should be. */
  #caughtUp(revision) {
    if (this.#place.event.revision >= revision) return null;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CATCH_UP_MS);
      const end = this.#place.on("shown", ({ event }) => {
        if (event.revision < revision) return;
        clearTimeout(timer);
        end();
        resolve();
      });
    });
  }
}
