/** What an audience looks at: the question, the bars, who votes, and how to join. */

import { Bar, sharesById } from "../bar.js";
import { element, fill, set, write } from "../dom.js";
import { invitation, picture } from "../invite.js";
import { isLong } from "../preview.js";
import { correctedAt } from "../time.js";
import { number, say } from "../words.js";
import { Fit } from "./fit.js";

/** The stage in `root`, below `link`; an `overlay` is for streaming software, and has no QR code; it is
 * fitted to the window until `signal`. */
export class Stage {
  #bars = new Map();
  #fit;
  #texts = "";
  #code;
  #invite;
  #question = element("h1", { id: "question", dir: "auto" });
  #list = element("ul", { id: "results", class: "bars", "aria-labelledby": "question" });
  #veil = element("p", { id: "veil", class: "note", hidden: true });
  #status = element("p", { id: "status", role: "status" });
  #time = element("p", { id: "left", class: "time" });
  #turnout = element("p", { id: "turnout" });
  #online = element("p", { id: "online" });
  #corrected = element("p", { id: "corrected", hidden: true });

  constructor(root, link, { overlay, code, signal }) {
    const foot = element("footer", {}, this.#status, this.#time, this.#turnout, this.#online, this.#corrected);
    const stage = element("div", { class: "stage" }, this.#question, this.#veil, this.#list, foot);
    this.#invite = () => (overlay ? element("aside", {}, codeText(this.#code)) : joining(this.#code));
    this.#code = code;
    stage.append(this.#invite());
    fill(root, link, stage);
    this.#fit = new Fit(stage, this.#list, signal);
  }

  /** Show a poll; `hold` hides the counts. */
  show({ poll, totals, online, hold }) {
    write(this.#question, poll.question);
    set(this.#question, "data-long", isLong(poll.question));
    document.title = say("live.title_of", { question: poll.question });
    this.#showCode(poll.code);
    this.#showBars(poll, totals, hold);
    set(this.#list, "data-epoch", totals.epoch);
    set(this.#list, "data-version", totals.version);
    set(this.#list, "data-visibility", hold ? "turnout" : totals.visibility);
    this.#showVeil(poll, hold);
    write(this.#status, totals.final && !hold ? say("live.final") : say(`shared.status_${totals.status}`));
    set(this.#status, "data-status", totals.status);
    write(this.#turnout, say("shared.turnout", { n: totals.voters }));
    set(this.#turnout, "data-voters", totals.voters);
    this.#online.hidden = online === null;
    write(this.#online, say("live.online", { n: online ?? 0 }));
    write(this.#corrected, correctedAt(poll));
    this.#corrected.hidden = !poll.corrected_at;
    this.#refit(poll, totals, hold);
  }

  /** Show how long is left, if anything is. */
  tick(text) {
    write(this.#time, text);
    this.#time.hidden = !text;
  }

  /** The code changes when a poll becomes private, or public again. */
  #showCode(code) {
    if (!code || code === this.#code) return;
    this.#code = code;
    this.#list.parentElement.querySelector("aside").replaceWith(this.#invite());
    this.#fit.now();
  }

  #showBars(poll, totals, hold) {
    const counts = new Map(totals.options.map(({ id, votes_count: count }) => [id, count]));
    const shares = sharesById(totals);
    const most = Math.max(1, ...counts.values());
    const options = [...poll.options].sort((a, b) => a.position - b.position || a.id - b.id);
    const ids = new Set(options.map(({ id }) => id));
    for (const [id, { item }] of this.#bars) if (!ids.has(id)) this.#drop(id, item);
    options.forEach(({ id, option_text: text }, index) => {
      const { item, bar } = this.#bars.get(id) ?? this.#add(id);
      if (this.#list.children[index] !== item) this.#list.insertBefore(item, this.#list.children[index] ?? null);
      const count = hold ? null : (counts.get(id) ?? null);
      bar.show(text, count, totals.total_votes, shares.get(id));
      set(item, "data-count", count);
      set(item, "data-leads", count === most);
    });
  }

  #add(id) {
    const bar = new Bar();
    const item = element("li", { class: "bar", "data-option": id }, ...bar.parts);
    this.#bars.set(id, { item, bar });
    return this.#bars.get(id);
  }

  #drop(id, item) {
    item.remove();
    this.#bars.delete(id);
  }

  #showVeil(poll, hold) {
    this.#veil.hidden = !hold;
    write(this.#veil, say(poll.results === "after_close" ? "live.veiled_after_close" : "live.veiled"));
  }

  /** Fit again if texts changed or the figures grew longer, but not at each vote. */
  #refit(poll, totals, hold) {
    const texts = poll.options.map(({ option_text: text }) => text);
    const key = JSON.stringify([poll.question, texts, hold, Boolean(poll.corrected_at), number(totals.total_votes).length]);
    if (key === this.#texts) return;
    this.#texts = key;
    this.#fit.now();
  }
}

function codeText(code) {
  return element("p", { id: "code", class: code.length > 6 ? "code long" : "code" }, code);
}

/** How to join: the address, the code, and both in one picture; on a page that no other device can reach only the code. */
function joining(code) {
  if (!invitation) return element("aside", {}, codeText(code), element("p", { class: "local" }, say("live.local_hint")));
  const address = invitation.replace(/^\w+:\/\/|\/$/g, "");
  const where = element("p", { class: "join" }, say("live.join_at"), " ", element("strong", {}, address));
  return element("aside", {}, picture(code), where, codeText(code));
}
