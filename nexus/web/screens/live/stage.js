/** What an audience looks at: the question, the chart, who votes, how to join, and what came out. */

import { Chart } from "../chart/chart.js";
import { element, fill, markLanguage, set, write } from "../dom.js";
import { later } from "../persist.js";
import { isLong } from "../preview.js";
import { correctedAt, timeLeft } from "../time.js";
import { brandMark, number, say } from "../words.js";
import { Fit } from "./fit.js";
import { joinCard } from "./join.js";
import { outcome, outcomeCard, sentence } from "./outcome.js";

/** The stage in `root`, below `link`; an `overlay` (screens/overlay.js) is for streaming software. */
export class Stage {
  #chart = new Chart();
  #left = element("p", { id: "left", class: "time", hidden: true });
  #ring = null; // or what will be it
  #fit;
  #texts = "";
  #beside = ""; // what stands beside the chart
  #overlay;
  #said = null;
  #brand = element("p", { class: "brand" }, brandMark());
  #title = element("p", { id: "event-title", dir: "auto" });
  #question = element("h1", { id: "question", dir: "auto" });
  #veil = element("p", { id: "veil", hidden: true });
  #status = element("p", { id: "status" });
  #spoken = element("p", { class: "unseen", role: "status" });
  #turnout = element("p", { id: "turnout" });
  #online = element("p", { id: "online", hidden: true });
  #corrected = element("p", { id: "corrected", hidden: true });
  #aside = element("aside", { class: "panel" });
  /** The room for controls, below what the audience reads. */
  tools = element("div", { class: "tools" });

  constructor(root, link, { overlay = null } = {}) {
    this.#overlay = overlay;
    const head = element("header", {}, this.#brand, this.#title, this.#veil, this.#left, this.#status);
    const results = element("div", { class: "panel results" }, this.#chart.node);
    const told = element("div", { class: "told" }, this.#turnout, this.#online, this.#corrected);
    const foot = element("footer", {}, told, !overlay && this.tools);
    this.node = element("div", { class: "stage" }, head, this.#question, results, this.#aside, foot, this.#spoken);
    fill(root, link, this.node);
    this.#fit = new Fit(this.node, this.#chart, overlay);
    this.#chart.changed = () => this.#fit.soon();
  }

  /** Show a poll; `hold` hides the counts. */
  show({ poll, totals, online, hold }) {
    write(this.#question, poll.question);
    this.#question.style.setProperty("--letters", poll.question.length);
    set(this.#question, "data-long", isLong(poll.question));
    document.title = say("live.title_of", { question: poll.question });
    const over = totals.status === "closed";
    set(this.node, "data-state", over ? (hold ? "closed" : "final") : totals.status);
    this.#chart.show({ poll, totals, hold });
    const { list } = this.#chart;
    set(list, "data-epoch", totals.epoch);
    set(list, "data-version", totals.version);
    set(list, "data-visibility", hold ? "turnout" : totals.visibility);
    this.#veil.hidden = !hold || over; // then the outcome says it
    write(this.#veil, say(poll.results === "after_close" ? "live.veiled_after_close" : "live.outcome_hidden"));
    this.#showStatus(totals, hold);
    this.#showBeside(poll, totals, hold);
    write(this.#turnout, say(over || totals.voters ? "shared.turnout" : "live.none_yet", { n: totals.voters }));
    set(this.#turnout, "data-voters", totals.voters);
    this.#online.hidden = !online;
    write(this.#online, say("live.online", { n: online ?? 0 }));
    write(this.#corrected, correctedAt(poll));
    this.#corrected.hidden = !poll.corrected_at;
    this.#speak(poll, totals, hold);
    markLanguage(this.node, poll.language);
    this.#refit(poll, totals, hold);
  }

  /** Show how long is left, if anything is; `now` is the server's time, in ms. */
  tick(poll, totals, now) {
    const text = timeLeft(poll, totals.status, now);
    const until = totals.status === "open" ? poll.expires_at : null;
    if (text) this.#ring ??= this.#makeRing();
    this.#ring?.then((ring) => ring?.show(text, until, until ? Date.parse(until) - now : 0));
  }

  /** Few polls have an end: what shows it is loaded then. To null where it could not be: the next second tries again. */
  async #makeRing() {
    const { Ring } = await later("live/ring").catch(() => ({}));
    if (!Ring) this.#ring = null;
    return Ring ? new Ring(this.#left) : null;
  }

  /** Show all options of many, or the ten with most votes. */
  toggleAll() {
    this.#chart.toggle();
  }

  /** Whether there is such a choice. */
  get many() {
    return this.#chart.many;
  }

  #showStatus(totals, hold) {
    write(this.#status, totals.final && !hold ? say("live.final") : say(`shared.status_${totals.status}`));
    set(this.#status, "data-status", totals.status);
  }

  /** The invitation, and after the close the result instead. The code changes when a poll becomes private, or public. */
  #showBeside(poll, totals, hold) {
    const over = totals.status === "closed";
    const { code } = poll;
    const key = over ? JSON.stringify([outcome(poll, totals, hold), hold]) : (code ?? this.#beside);
    if (key === this.#beside) return;
    this.#beside = key;
    const plain = this.#overlay !== null && !this.#overlay.show.includes("qr");
    const made = over ? outcomeCard(poll, totals, hold) : joinCard(code, { plain });
    fill(this.#aside, made);
    made.querySelector("img")?.addEventListener("load", () => this.#fit.soon());
    this.#texts = ""; // it needs another amount of room
  }

  /** Say in a sentence when voting closes, and when results appear; not what the page begins with. */
  #speak(poll, totals, hold) {
    const over = totals.status === "closed";
    const key = JSON.stringify([totals.epoch, totals.status, hold]);
    if (this.#said !== null && key !== this.#said) {
      const shown = over || !hold;
      const result = shown ? sentence(outcome(poll, totals, hold)) : "";
      write(this.#spoken, `${this.#status.textContent}. ${result}`.trim());
    }
    this.#said = key;
  }

  /** Fit again if texts changed or the figures grew longer, but not at each vote. */
  #refit(poll, totals, hold) {
    const texts = poll.options.map(({ option_text: text }) => text);
    const { length } = number(totals.total_votes);
    const key = JSON.stringify([poll.question, texts, poll.chart, hold, Boolean(poll.corrected_at), length]);
    if (key === this.#texts) return;
    this.#texts = key;
    this.#fit.now();
  }
}
