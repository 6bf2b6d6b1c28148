/** One poll, live: its state, and everything that its host does with it. */

import { element, markLanguage, root, set, write } from "../dom.js";
import { later } from "../persist.js";
import { showProse } from "../prose.js";
import { correctedAt, everySecond, msLeft, timeLeft } from "../time.js";
import { brandName, load, say } from "../words.js";
import { Acts } from "./acts.js";
import { ExportCard } from "./exporting.js";
import { backTo } from "./inevent.js";
import { announce, back, badge, heading, showStatus, statusLine, timeNode } from "./parts.js";
import { PolicyCard } from "./policycard.js";
import { Results } from "./results.js";
import { audienceRules, votingRules } from "./rules.js";
import { SharingCard } from "./sharing.js";

const LAST_MS = 10_000; // of voting, in which the time that is left is marked
const LONG = 100; // characters from which a question gets smaller type

/** The view of the poll `id`. */
export class PollView {
  #server;
  #id;
  #room = null;
  #endings = [];
  #line = statusLine();
  #badge = badge("draft");
  #left = element("span", { class: "left" });
  #corrected = element("span", { hidden: true });
  #description = element("p", { class: "prose description", dir: "auto" });
  #facts = element("ul", { class: "rules" });
  #acts;
  #results = new Results(() => this.#policy.focus());
  #picturing = null;
  #policy;
  #sharing;
  #exports;
  #side = element("div", { class: "stack side" });

  constructor(server, id) {
    this.#server = server;
    this.#id = id;
    this.title = say("host.poll");
    this.heading = heading(say("host.poll"));
    this.node = element("div", { class: "stack" });
    this.#acts = new Acts(server, id, this.#line);
    this.#sharing = new SharingCard();
    this.#policy = new PolicyCard(server, id);
    this.#exports = new ExportCard(server, id);
  }

  /** Enter its room. */
  async open() {
    this.#room = await this.#server.client.join(this.#id);
    this.#build();
    for (const name of ["totals", "poll", "presence"]) this.#endings.push(this.#room.on(name, () => this.#paint()));
    this.#endings.push(this.#room.on("deleted", () => this.#gone()));
    const now = () => this.#server.client.now();
    this.#endings.push(everySecond(now, () => this.#tick()));
    this.#paint();
  }

  close() {
    for (const end of this.#endings.splice(0)) end();
    this.#room?.leave();
    this.#exports.close();
  }

  #build() {
    const poll = this.#room.poll;
    const facts = element("p", { class: "facts" }, this.#badge, this.#left, this.#corrected);
    const above = poll.event ? backTo(this.#server, poll.event) : back("#/", say("host.back_to_list"));
    const top = element("div", { class: "line" }, above, facts);
    if (this.#room.role === "host") top.append(this.#acts.more);
    this.node.append(element("div", { class: "stack tight" }, top, this.heading, this.#description));
    if (this.#room.role !== "host") {
      this.node.append(element("p", { class: "note warn" }, say("host.not_yours")), poll.code ? watching(poll) : "");
      return;
    }
    this.#sharing.node.hidden = poll.event !== null; // the code is that of its event
    this.#side.append(this.#sharing.node, this.#policy.node);
    const rest = element("div", { class: "stack" }, this.#rules(poll), this.#exports.node);
    this.#picture();
    const columns = element("div", { class: "columns" }, this.#results.node, this.#side, rest);
    this.node.append(this.#acts.node, columns);
  }

  /** What makes pictures of the results is there a little later: few people need it at once. */
  async #picture() {
    const loaded = Promise.all([later("host/picturing"), load("sheet")]);
    const found = await loaded.catch(() => null); // the server can't be reached, as the page says: the next visit has it
    if (!found) return;
    this.#picturing = new found[0].Picturing(this.#server);
    this.#results.append(this.#picturing.node);
    this.#paint();
  }

  #rules(poll) {
    const title = element("h2", { id: "rules" }, say("host.rules"));
    const made = element("p", { class: "faint" }, say("host.made"), " ", timeNode(poll.created_at));
    return element("section", { class: "card", "aria-labelledby": "rules" }, title, this.#facts, made);
  }

  #paint() {
    const { poll, totals } = this.#room;
    this.title = poll.question;
    document.title = `${poll.question} – ${brandName}`;
    write(this.heading, poll.question);
    set(this.heading, "data-long", poll.question.length > LONG);
    showProse(this.#description, poll.description);
    showStatus(this.#badge, totals.status);
    this.#acts.show(poll, totals.status);
    if (poll.code) this.#sharing.show(poll);
    this.#results.show(poll, totals, this.#room.online);
    this.#picturing?.show(poll, totals);
    markLanguage(this.node, poll.language);
    this.#policy.show(poll.results);
    this.#arrange(totals.status);
    this.#exports.show(totals.epoch);
    write(this.#corrected, correctedAt(poll));
    this.#corrected.hidden = !poll.corrected_at;
    this.#showRules(poll);
    this.#tick();
  }

  /** Before voting the way in comes first, and then who sees the results. What has the focus stays where it is. */
  #arrange(status) {
    const last = ["draft", "scheduled"].includes(status) ? this.#policy.node : this.#sharing.node;
    if (last !== this.#side.lastChild && !this.#side.contains(document.activeElement)) this.#side.append(last);
  }

  #showRules(poll) {
    const texts = [...votingRules(poll), ...audienceRules(poll)];
    if (this.#facts.dataset.texts === texts.join("\n")) return;
    this.#facts.dataset.texts = texts.join("\n");
    this.#facts.replaceChildren(...texts.map((text) => element("li", {}, text)));
  }

  #tick() {
    if (!this.#room) return;
    const text = timeLeft(this.#room.poll, this.#room.totals.status, this.#server.client.now());
    write(this.#left, text);
    set(this.#left, "hidden", text ? null : true);
    const open = this.#room.totals.status === "open";
    set(this.#left, "data-last", open && msLeft(this.#room.poll, this.#server.client.now()) <= LAST_MS);
  }

  #gone() {
    for (const end of this.#endings.splice(0)) end();
    showStatus(this.#badge, "closed");
    announce(this.#line, say("host.deleted"), true);
    this.#acts.show(null, null);
    if (this.#acts.deleting) location.hash = this.#acts.above;
  }
}

/** What one can do with a poll of somebody else: watch it, and vote. */
function watching({ code }) {
  const link = (path, name, kind) =>
    element("a", { class: `button ${kind}`, href: `${root}${path}/${code}`, target: "_blank", rel: "noopener" }, say(name));
  return element("div", { class: "buttons" }, link("live", "hosting.watch", "main"), link("vote", "hosting.vote", ""));
}
