/** What the page of an event shows besides its questions: where the show has got to, and a calm page in between. It paints
 * the data in the page, and writes on. */

import { byId, element, fill, icon, set, write } from "../dom.js";
import { CHECK, FINISH } from "../icons.js";
import { brandMark, say } from "../words.js";

const LONG = 60; // a title with more letters has smaller type

/** The line above a question: which one it is, and of what event. The title is marked by no language: nobody says which. */
export class Place {
  #number = element("span", { class: "number" });
  #title = element("bdi");
  node = element("p", { id: "step", class: "faint" }, this.#number, " ", this.#title);
  next = element("p", { id: "next", class: "faint", hidden: true }); // below a closed question that is not the last

  /** Put it on `sheet`, above the question. */
  lay(sheet) {
    sheet.head.prepend(this.node);
    sheet.next = this.next;
  }

  /** Show where `poll` stands in `event`. */
  show(event, { position }) {
    const place = position + 1;
    write(this.#number, say("follow.place", { place, count: event.polls_count }));
    write(this.#title, event.title);
    write(this.next, place < event.polls_count ? say("follow.next") : "");
  }
}

/** Whether nothing more comes, as far as anyone can know: every question has been asked, and is closed. */
function isOver({ shown, polls, polls_count: count }) {
  return shown === null && count > 0 && polls.length === count && polls.every(({ status }) => status === "closed");
}

/** The page while nothing is shown, in the design of the lobby. */
export class Interlude {
  #sign = icon(CHECK);
  #halo = element("div", { class: "halo", "aria-hidden": "true" }, this.#sign);
  #title = element("bdi");
  #in = element("p", { class: "in" }, say("lobby.phone_heading"));
  #text = element("p");
  #code = element("strong", { class: "code", dir: "ltr" });
  #where = element("p", { class: "faint" }, say("lobby.code"), " ", this.#code);
  heading = element("h1", { tabindex: -1 }, this.#title);
  #description = element("div", { class: "prose faint", hidden: true });
  #told = element("div", { class: "told" }); // what is said of votes
  after = element("div", { class: "after" }); // what leads on once the show is over

  /** Lay it into the page, below `link`. */
  lay(link) {
    const main = byId("screen");
    document.body.classList.add("waits");
    main.className = "";
    const brand = element("p", { class: "brand" }, brandMark());
    const said = [this.heading, this.#description, this.#in, this.#text, this.#told, this.after, this.#where];
    fill(main, link, element("div", { class: "lobby event" }, brand, this.#halo, ...said));
  }

  /** Put `news` of votes in its place. */
  tell(news) {
    this.#told.append(news);
  }

  /** Show how things stand in `event`; `prose` shows the description. */
  show(event, prose = plain) {
    const over = isOver(event);
    write(this.#title, event.title);
    set(this.heading, "data-length", event.title.length > LONG && "long");
    prose(this.#description, over ? "" : event.description);
    set(this.#sign.firstChild, "d", over ? FINISH : CHECK);
    set(this.#halo, "data-over", over);
    this.#in.hidden = over;
    write(this.#text, say(over ? "follow.over" : "follow.next"));
    write(this.#code, event.code);
    this.#where.hidden = over;
  }
}

function plain(node, text) {
  write(node, text);
  node.hidden = !text;
}

/** Paint what `given`, the data in the page, says of an event, below `link`; `lay` lays and paints its question. Returns what
 * is in the page: `{place, interlude}`. */
export function paintEvent({ event, poll }, link, sheet, lay) {
  const place = new Place();
  const interlude = new Interlude();
  if (poll) {
    lay();
    place.lay(sheet);
    place.show(event, poll);
  } else {
    interlude.lay(link);
    interlude.show(event);
  }
  return { place, interlude };
}
