/** What an audience looks at: the question, the chart, who votes, how to join, and what came out. A page has one stage. */

import { Chart } from "../chart/chart.js";
import { byId, element, fill, markLanguage, set, write } from "../dom.js";
import { joinCard } from "../invite.js";
import { later } from "../persist.js";
import { isLong } from "../preview.js";
import { correctedAt, timeLeft } from "../time.js";
import { brandMark, number, say } from "../words.js";
import { Fit } from "./fit.js";

/** What the page is an overlay of (screens/overlay.js); null if it is none. */
export let overlay = null;

let stage = null;

/** Make an overlay of the page, before anything is staged. */
export function lay(asked) {
  overlay = asked;
  const form = /left|right/.test(asked.at) ? "corner" : "band";
  Object.assign(document.body.dataset, { at: asked.at, form, show: asked.show.join(" ") });
  document.body.style.setProperty("--scale", asked.scale);
  document.documentElement.dataset.theme = asked.theme;
}

/** The stage in this page, below `link`; a new one where another view has taken its place. */
export function staged(link) {
  if (!stage?.node.isConnected) stage = new Stage(byId("screen"), link);
  return stage;
}

/** Whether the stage hides the counts, even if its viewer may see them: it shows no more than the poll's results policy
 * lets everyone see. */
export function veiled(poll, status) {
  if (poll.results === "live") return false;
  return poll.results === "host" || status !== "closed";
}

/** What a stage shows of a room: `{poll, totals, online, hold}`, where `hold` hides the counts; in an event also its
 * `title` and `code`, the `place` of the poll, and what is said of one that has not been opened, `soon`. */
export function seen({ poll, totals, online = null }) {
  return { poll, totals, online, hold: totals.visibility !== "full" || veiled(poll, totals.status) };
}

/** As `later`, with the sheet of the module. */
async function withSheet(...names) {
  const made = await later(...names);
  await made.styled();
  return made;
}

class Stage {
  #chart = new Chart();
  #left = element("p", { id: "left", class: "time", hidden: true });
  #ring = null; // or what will be it
  #fit;
  #texts = "";
  #beside = ""; // what stands beside the chart
  #missing = null; // what to try again
  #ending = null; // or what will say and show how a poll ended
  #said = null;
  #brand = element("p", { class: "brand" }, brandMark());
  #title = element("bdi"); // of no language that anybody has named
  #place = element("p", { id: "event-place", hidden: true });
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

  constructor(root, link) {
    const title = element("p", { id: "event-title" }, this.#title);
    const head = element("header", {}, this.#brand, this.#place, title, this.#veil, this.#left, this.#status);
    const results = element("div", { class: "panel results" }, this.#chart.node);
    const told = element("div", { class: "told" }, this.#turnout, this.#online, this.#corrected);
    const foot = element("footer", {}, told, !overlay && this.tools);
    this.node = element("div", { class: "stage" }, head, this.#question, results, this.#aside, foot, this.#spoken);
    fill(root, link, this.node);
    this.#fit = new Fit(this.node, this.#chart, overlay);
    this.#chart.changed = () => this.#fit.soon();
  }

  /** Another poll takes the place of the one shown, as `said` tells those who do not see it. */
  turn(said) {
    this.#chart.clear();
    this.#said = null;
    this.#texts = "";
    write(this.#spoken, said);
  }

  /** Show a poll, as `seen` has it. */
  show(shown) {
    const { poll, totals, hold, code = poll.code } = shown;
    const over = totals.status === "closed";
    set(this.node, "data-state", over ? (hold ? "closed" : "final") : totals.status);
    set(this.node, "data-over", null);
    document.title = say("live.title_of", { question: poll.question });
    this.#showHead(shown, over);
    this.#chart.show({ poll, totals, hold });
    const { list } = this.#chart;
    set(list, "data-epoch", totals.epoch);
    set(list, "data-version", totals.version);
    set(list, "data-visibility", hold ? "turnout" : totals.visibility);
    if (over) this.#showEnd(poll, totals, hold);
    else this.#invite(code);
    this.#showFoot(shown, over);
    this.#speak(poll, totals, hold);
    markLanguage(this.node, poll.language);
    this.#refit(poll, totals, hold);
  }

  /** Show no poll: the `title` of the event in place of a question, how to join it by its `code`, and what comes `next`; once
   * it is `over`, that is a thank-you, and the code is where all results are. */
  rest({ title, code, next, over, online }) {
    set(this.node, "data-state", "rest");
    set(this.node, "data-over", over);
    document.title = say("live.title_of", { question: title });
    this.#ask(title);
    set(this.#question, "lang", null);
    for (const one of [this.#place, this.#veil, this.#left, this.#corrected]) one.hidden = true;
    write(this.#title, "");
    write(this.#status, next);
    set(this.#status, "data-status", "rest");
    this.#invite(code, over ? say("stage.results") : undefined);
    write(this.#turnout, "");
    this.#count(online);
    const key = `rest ${over} ${title}`;
    if (key !== this.#texts) this.#fit.now();
    this.#texts = key;
  }

  #ask(question) {
    write(this.#question, question);
    this.#question.style.setProperty("--letters", question.length);
    set(this.#question, "data-long", isLong(question));
  }

  #count(online) {
    this.#online.hidden = !online;
    write(this.#online, say("live.online", { n: online ?? 0 }));
  }

  #showHead({ poll, totals, hold, title = "", place = "", soon = say("shared.status_draft") }, over) {
    write(this.#title, title);
    write(this.#place, place);
    this.#place.hidden = !place;
    this.#ask(poll.question);
    this.#veil.hidden = !hold || over || totals.status === "draft"; // over, the outcome says it
    write(this.#veil, say(poll.results === "after_close" ? "live.veiled_after_close" : "live.outcome_hidden"));
    const name = () => (totals.status === "draft" ? soon : say(`shared.status_${totals.status}`));
    write(this.#status, totals.final && !hold ? say("live.final") : name());
    set(this.#status, "data-status", totals.status);
  }

  #showFoot({ poll, totals, hold, online }, over) {
    const voted = over || totals.voters ? "shared.turnout" : "live.none_yet";
    const none = over && !hold && !overlay && !totals.voters; // the outcome says it
    write(this.#turnout, none || totals.status === "draft" ? "" : say(voted, { n: totals.voters }));
    set(this.#turnout, "data-voters", totals.voters);
    this.#count(online);
    write(this.#corrected, correctedAt(poll));
    this.#corrected.hidden = !poll.corrected_at;
  }

  /** Show how long is left, if anything is; `now` is the server's time, in ms. */
  tick(poll, totals, now) {
    const text = timeLeft(poll, totals.status, now);
    const until = totals.status === "open" ? poll.expires_at : null;
    if (text) this.#ring ??= this.#makeRing();
    this.#missing?.();
    this.#ring?.then((ring) => ring?.show(text, until, until ? Date.parse(until) - now : 0));
  }

  /** Few polls have an end: what shows it is loaded then. To null where it could not be: the next second tries again. */
  async #makeRing() {
    const { Ring } = await withSheet("live/ring").catch(() => ({}));
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

  /** How to join, or what `leads` the code; it changes when a poll becomes private, or public. */
  #invite(code, leads) {
    const key = `${code} ${leads}`;
    if (!code || key === this.#beside) return;
    this.#beside = key;
    const made = joinCard(code, { plain: overlay !== null && !overlay.show.includes("qr"), leads });
    made.querySelector("img")?.addEventListener("load", () => this.#fit.soon());
    this.#put(made);
  }

  /** After the close the result stands where people were invited. Where it could not be loaded, the next second tries
   * again. */
  async #showEnd(poll, totals, hold) {
    const key = JSON.stringify([hold, totals.options, poll.options]);
    if (key === this.#beside) return;
    this.#beside = key;
    const ending = await this.#loadEnding();
    if (this.#beside !== key) return;
    if (ending) {
      this.#put(ending.outcomeCard(poll, totals, hold));
      this.#fit.now();
    } else {
      this.#beside = "";
      this.#missing = () => this.#showEnd(poll, totals, hold);
    }
  }

  /** What says and shows how a poll ended; to null where it could not be loaded. */
  #loadEnding() {
    this.#ending ??= withSheet("live/outcome", "outcome").catch(() => (this.#ending = null));
    return this.#ending;
  }

  #put(made) {
    this.#missing = null;
    fill(this.#aside, made);
    this.#texts = ""; // it needs another amount of room
  }

  /** Say in a sentence when voting closes, and when results appear; not what the page begins with. */
  async #speak(poll, totals, hold) {
    const { epoch, status } = totals;
    const name = `${epoch} ${status} ${hold}`;
    const first = this.#said === null;
    if (name === this.#said) return;
    this.#said = name;
    if (first) return;
    const said = this.#status.textContent;
    const ending = (status === "closed" || !hold) && (await this.#loadEnding());
    if (this.#said === name) write(this.#spoken, `${said}. ${ending ? ending.said(poll, totals, hold) : ""}`.trim());
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
