/** All results of an event for its hosts: to read, to print, and to download. */

import { element, fill, set, write } from "../dom.js";
import { brandName, say } from "../words.js";
import { Download } from "./downloading.js";
import { told } from "./faults.js";
import { announce, back, badge, button, heading, once, showStatus, statusLine, timeNode } from "./parts.js";
import { ResultTable } from "./resulttable.js";

const REFRESH_MS = 10_000;
const FORMATS = { xlsx: "Excel", json: "JSON" };
const SEEN = { after_vote: "voted", after_close: "closed", host: "host" }; // who sees the results, where not everybody

/** The view of the event `id`. */
export class EventResultsView {
  #server;
  #path;
  #download;
  #line = statusLine();
  #facts = element("p", { class: "facts" });
  #list = element("ol", { class: "all-results" });
  #none = element("p", { class: "nothing" }, say("event.sheet_empty"));
  #cards = new Map();
  #timer = null;
  #over = false;

  constructor(server, id) {
    this.#server = server;
    this.#path = `/events/${id}/`;
    this.#download = new Download(server);
    this.title = say("eventresults.title");
    this.heading = heading(this.title);
    const top = element("div", { class: "line" }, back(`#/event/${id}`, say("hosting.back_to_event")), this.#facts, this.#buttons());
    this.node = element("div", { class: "stack results-of-event" }, top, this.heading, this.#download.node, this.#line);
    this.node.append(this.#none, this.#list);
  }

  /** Read them, and again from time to time. */
  async open() {
    await this.#read();
    this.#later();
  }

  close() {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#download.close();
  }

  #buttons() {
    const saves = Object.entries(FORMATS).map(([format, label]) => {
      const save = () => this.#download.save(`${this.#path}export/?format=${format}`, `event.${format}`);
      const made = button(say("host.export_as", { format: label }), () => once(made, save));
      return made;
    });
    return element("div", { class: "buttons" }, button(say("eventresults.print"), () => print()), saves);
  }

  #later() {
    this.#timer = setTimeout(async () => {
      if (!document.hidden) await this.#again();
      if (!this.#over) this.#later();
    }, REFRESH_MS);
  }

  async #again() {
    try {
      await this.#read();
      announce(this.#line, "");
    } catch (error) {
      if (!this.#over) announce(this.#line, told(error), true);
    }
  }

  /** The definition says who sees the results of a question; it has no ids, but the order of the run sheet. */
  async #read() {
    const asked = ["", "results/", "definition/"].map((rest) => this.#server.call("GET", this.#path + rest));
    const [event, { results }, { polls = [] }] = await Promise.all(asked);
    if (!this.#over) this.#show(event, new Map(results.map((one) => [one.poll, one])), polls);
  }

  #show(event, results, definitions) {
    this.title = `${event.title} – ${say("eventresults.title")}`;
    write(this.heading, event.title);
    if (this.node.isConnected) document.title = `${this.title} – ${brandName}`;
    const cards = new Map();
    event.polls.forEach((poll, n) => {
      const card = this.#cards.get(poll.id) ?? new QuestionCard(poll.id);
      const { question, results: policy = "live" } = definitions[n] ?? {};
      card.show(poll, n + 1, event.polls.length, results.get(poll.id), question === poll.question ? SEEN[policy] : undefined);
      cards.set(poll.id, card);
    });
    this.#cards = cards;
    const nodes = [...cards.values()].map(({ node }) => node);
    if (nodes.some((node, n) => this.#list.children[n] !== node) || this.#list.children.length > nodes.length) fill(this.#list, nodes);
    this.#none.hidden = nodes.length > 0;
    const votes = [...results.values()].reduce((all, { total_votes: some }) => all + some, 0);
    const facts = [say("event.questions", { n: nodes.length }), say("shared.votes", { n: votes })];
    fill(this.#facts, facts.map((text) => element("span", {}, text)), timeNode(new Date().toISOString()));
  }
}

/** One question with its results, or without, while it has not been asked. */
class QuestionCard {
  #place = element("span", { class: "place" });
  #badge = badge("draft");
  #seen = element("span", { class: "badge unseen-by-all", hidden: true });
  #title;
  #turnout = element("p", { class: "turnout" });
  #table;

  constructor(id) {
    this.#title = element("h2", { id: `question-${id}`, dir: "auto" });
    this.#table = new ResultTable(this.#title.id);
    const state = element("p", { class: "state" }, this.#place, this.#badge, this.#seen);
    const parts = [state, this.#title, this.#turnout, this.#table.node];
    /** The card, in its list. */
    this.node = element("li", { class: "card", "aria-labelledby": this.#title.id }, parts);
  }

  /** Show it as it is now; `seen` says who sees the results where not everybody does. */
  show(poll, place, count, totals, seen) {
    write(this.#title, poll.question);
    write(this.#place, say("event.place", { place, count }));
    showStatus(this.#badge, poll.status);
    this.#badge.hidden = !totals; // that it has not been asked is said below
    const kept = totals && seen && !(seen === "closed" && totals.final);
    this.#seen.hidden = !kept;
    write(this.#seen, kept ? say(`eventresults.seen_${seen}`) : "");
    set(this.node, "data-unasked", !totals);
    this.#table.node.hidden = !totals;
    write(this.#turnout, totals ? turnoutOf(totals) : say("event.unasked"));
    if (totals) this.#table.show(totals.options, totals);
  }
}

/** How many people voted, and with how many votes where that differs. */
function turnoutOf({ voters, total_votes: votes }) {
  const people = say("shared.turnout", { n: voters });
  return votes === voters ? people : `${people} · ${say("shared.votes", { n: votes })}`;
}
