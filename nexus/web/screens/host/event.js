/** One event: what it shows now, its run sheet, and everything that its hosts do with it. */

import { element, write } from "../dom.js";
import { showProse } from "../prose.js";
import { everySecond } from "../time.js";
import { brandName, say } from "../words.js";
import { CoHosts } from "./cohosts.js";
import { EventActs } from "./eventacts.js";
import { EventSharing } from "./eventsharing.js";
import { HostedEvent } from "./hosted.js";
import { take } from "./notice.js";
import { NowShown } from "./nowshown.js";
import { announce, back, heading, statusLine } from "./parts.js";
import { RunSheet } from "./runsheet.js";

/** The view of the event `id`. */
export class EventView {
  #server;
  #hosted;
  #fault = element("p", { class: "note bad", role: "alert", hidden: true });
  #line = statusLine();
  #facts = element("p", { class: "facts" });
  #description = element("p", { class: "prose description", dir: "auto" });
  #stop = () => {};
  #acts;
  #now;
  #sheet;
  #sharing;
  #hosts;

  constructor(server, id) {
    this.#server = server;
    this.#hosted = new HostedEvent(server, id, {
      changed: () => this.#paint(),
      failed: (text) => this.#fail(text),
      gone: () => this.#gone(),
    });
    this.title = say("event.event");
    this.heading = heading(say("event.event"));
    this.#acts = new EventActs(server, this.#hosted, this.#line);
    this.#now = new NowShown(this.#acts.node);
    this.#sheet = new RunSheet(server, this.#hosted);
    this.#sharing = new EventSharing(server);
    this.#hosts = new CoHosts(server, this.#hosted);
    this.node = element("div", { class: "stack event" });
  }

  /** Read it, and follow it from now on. */
  async open() {
    await this.#hosted.open();
    await this.#hosts.open();
    const top = element("div", { class: "line" }, back("#/events", say("event.events")), this.#facts, this.#acts.more);
    const head = element("div", { class: "stack tight" }, top, this.heading, this.#description);
    const side = element("div", { class: "stack side" }, this.#sharing.node, this.#hosts.node);
    const columns = element("div", { class: "columns" }, this.#sheet.node, side);
    this.node.append(head, this.#fault, this.#now.node, this.#line, columns);
    const now = () => this.#server.client.now();
    this.#stop = everySecond(now, () => this.#now.tick(this.#hosted.room, now()));
    announce(this.#line, take());
  }

  /** Whether leaving now would lose something. */
  get dirty() {
    return this.#sheet.dirty || this.#hosts.dirty;
  }

  close() {
    this.#stop();
    this.#hosted.close();
    this.#sheet.close();
  }

  #paint() {
    const { event, voters, online } = this.#hosted;
    this.title = event.title;
    if (this.node.isConnected) document.title = `${event.title} – ${brandName}`;
    write(this.heading, event.title);
    showProse(this.#description, event.description);
    const texts = [say("event.questions", { n: event.polls.length }), say(event.is_public ? "event.listed" : "event.private")];
    if (!event.allow_guests) texts.push(say("event.members"));
    if (online) texts.unshift(say("event.online", { n: online }));
    if (this.#facts.textContent !== texts.join("")) this.#facts.replaceChildren(...texts.map((text) => element("span", {}, text)));
    this.#acts.show(event);
    this.#now.show(event, voters);
    this.#now.tick(this.#hosted.room, this.#server.client.now());
    this.#sheet.show(event, voters);
    this.#sharing.show(event);
    this.#hosts.show(event);
  }

  #fail(text) {
    write(this.#fault, text);
    this.#fault.hidden = !text;
  }

  /** Somebody has deleted it, or has made somebody else its host. */
  #gone() {
    if (this.#acts.leaving) return;
    this.#sheet.close();
    announce(this.#line, say("event.gone"), true);
    this.#acts.show(null);
    for (const node of [this.#now.node, this.#sheet.node, this.#sharing.node, this.#hosts.node]) node.hidden = true;
  }
}
