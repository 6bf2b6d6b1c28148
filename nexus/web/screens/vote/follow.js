/** A voter in an event: the server says what is shown, and this page shows it; nobody has to do anything. */

import { byId, element, fill, icon } from "../dom.js";
import { CHECK, CLOCK, CROSS, PENCIL } from "../icons.js";
import { later, persist } from "../persist.js";
import { showProse } from "../prose.js";
import { reason, say } from "../words.js";
import { Interlude, Place } from "./event.js";
import { Seat } from "./seat.js";
import { ToResults } from "./toresults.js";
import { Trail } from "./trail.js";

const STILL_MS = 600; // after a move: a thumb on its way to the question before does not vote in the new one
const READ_MS = 2000; // what was said for less than this may not have been read
const QUOTED = 44; // characters of a question that are quoted
const SIGNS = { counts: CHECK, withdrawn: CHECK, sending: CLOCK, late_change: CLOCK, late: CLOCK, unsent: PENCIL };
const MOODS = { counts: "good", withdrawn: "good", sending: "plain", late_change: "warn", unsent: "warn" };

/** One voter who follows `event`, an `EventRoom` of `client`. `link` is the place for news of the connection, `sheet` the page
 * of a poll, `note`, if there is one, stays on each question, and `early` are the answers to acts of an earlier page that
 * have come already, `[{act, error}]`. */
export class Follower {
  #client;
  #event;
  #link;
  #sheet;
  #note;
  #place;
  #interlude;
  #results;
  #seat = null;
  #trail = new Trail();
  #unread = []; // answers in the question that is shown, as long as they may not have been read
  #news = element("div", { id: "news", role: "status" });
  #still = null;

  constructor({ client, event, link, sheet, note, early }) {
    this.#client = client;
    this.#event = event;
    this.#link = link;
    this.#sheet = sheet;
    this.#note = note;
    ({ place: this.#place, interlude: this.#interlude } = sheet.painted ?? { place: new Place(), interlude: new Interlude() });
    this.#results = new ToResults(client);
    this.#recall(early);
    event.on("shown", () => this.#shown());
    event.on("deleted", () => this.#gone());
    client.on("settled", ({ act, error }) => this.#settled(act, error));
    this.#arrive();
    this.#tell();
  }

  /** What an earlier page has left under way. */
  #recall(early) {
    const { event, room } = this.#event;
    for (const { id: poll, question } of event.polls) {
      const here = poll === room?.id; // its seat shows what is under way, and what stands
      const acts = here ? [] : this.#client.pending.filter((act) => act.poll === poll);
      const settled = early.filter(({ act, error }) => act.poll === poll && (error || !here));
      this.#trail.recall({ poll, question, acts, settled });
    }
  }

  #shown() {
    if ((this.#seat?.room ?? null) === this.#event.room) this.#showEvent();
    else this.#move();
  }

  /** The host has moved on. */
  #move() {
    this.#leave();
    const { activeElement: here, body } = document;
    const elsewhere = here && here !== body && !byId("screen").contains(here); // as in the menu of languages
    const heading = this.#arrive();
    this.#hold();
    scrollTo(0, 0);
    if (!elsewhere) heading.focus({ preventScroll: true });
    this.#tell(elsewhere ? heading.textContent : "");
  }

  #leave() {
    const { room, left } = this.#seat ?? {};
    this.#seat?.end();
    this.#seat = null;
    const acts = this.#client.pending.filter((act) => act.poll === room?.id);
    this.#trail.leave({ poll: room?.id, question: room?.poll.question, acts, settled: this.#unread, ...left });
    this.#unread = [];
  }

  /** Show what the event shows now; returns the heading. */
  #arrive() {
    const { room } = this.#event;
    return room ? this.#sit(room) : this.#rest();
  }

  #sit(room) {
    if (this.#sheet.seated || !this.#sheet.list.isConnected) {
      this.#sheet = this.#sheet.fresh();
      this.#sheet.lay(this.#link);
    }
    const sheet = this.#sheet;
    document.body.classList.remove("waits");
    sheet.seated = true;
    sheet.question.tabIndex = -1;
    this.#place.lay(sheet);
    sheet.head.prepend(this.#news);
    const gone = () => null; // the event says what is shown instead
    this.#seat = new Seat({ client: this.#client, room, sheet, note: this.#note, gone });
    this.#showEvent();
    return sheet.question;
  }

  #rest() {
    this.#interlude.lay(this.#link);
    this.#interlude.tell(this.#news);
    fill(this.#interlude.after, this.#results.node);
    this.#showEvent();
    return this.#interlude.heading;
  }

  /** Show what is new of the event itself. */
  #showEvent() {
    const { event, room } = this.#event;
    if (room) {
      this.#place.show(event, room.poll);
    } else {
      this.#interlude.show(event, showProse);
      this.#results.show(event);
      document.title = say("vote.title_of", { question: event.title });
    }
  }

  /** Take no taps for a moment. */
  #hold() {
    const main = byId("screen");
    main.dataset.moved = "";
    clearTimeout(this.#still);
    this.#still = setTimeout(() => delete main.dataset.moved, STILL_MS);
  }

  #settled(act, error) {
    if (act.poll !== this.#seat?.room.id) {
      this.#trail.answered(act, error);
      this.#tell();
      return;
    }
    const answer = { act, error };
    this.#unread.push(answer);
    setTimeout(() => (this.#unread = this.#unread.filter((one) => one !== answer)), READ_MS);
  }

  /** Say what became of votes in other questions, and `also`, to screen readers alone. */
  #tell(also = "") {
    const said = this.#trail.news.map(({ name, question, error }) => {
      const values = { question: quoted(question), reason: error ? reason(error) : "" };
      return [name, say(`follow.${name}`, values)];
    });
    const text = [also, ...said.map(([, sentence]) => sentence)].join("\n");
    if (this.#news.dataset.text === text) return;
    this.#news.dataset.text = text;
    const lines = said.map(([name, sentence]) => {
      const mood = MOODS[name] ?? "bad";
      return element("p", { class: "note", "data-mood": mood }, icon(SIGNS[name] ?? CROSS), element("span", {}, sentence));
    });
    fill(this.#news, also && element("p", { class: "unseen" }, also), ...lines);
  }

  async #gone() {
    this.#seat?.end();
    this.#client.close();
    const { showGone } = await persist(this.#link, () => later("vote/gone"));
    showGone(say("follow.deleted"), say("follow.deleted_hint"));
  }
}

/** A question as it is quoted: its beginning, if it is long. */
function quoted(question) {
  const signs = [...question];
  return signs.length > QUOTED ? `${signs.slice(0, QUOTED - 1).join("").trimEnd()}…` : question;
}
