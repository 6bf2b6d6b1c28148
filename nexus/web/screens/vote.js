/** The audience's page. The data in the page is painted at once, with as few files as possible; the rest follows, and goes
 * on writing on the same sheet, so that nothing moves when it is there. */

import { percent, sharesById, spokenPercent } from "./bar.js";
import { byId, element, fill, markLanguage, set, write, writeWhole } from "./dom.js";
import { follow, given, preview } from "./preview.js";
import { brandMark, number, say } from "./words.js";

const FEW = 4; // options that have room to be large
const LENGTHS = { short: 48, medium: 120 }; // of questions, which have type of three sizes
const LONG = 40; // an option with more letters has the whole width of a phone
const SHORT = /^[\0-\u10ff]{1,12}$/; // one with so few keeps its line when it grows; not of letters as wide as high

/** One option's line: its elements are here, and what they do in `Row`. */
class Line {
  item = element("li", { class: "option" });
  mark = element("span", { class: "mark", "aria-hidden": "true" });
  text = element("span", { class: "text", dir: "auto" });
  word = element("span", { class: "word" });
  times = element("span", { class: "times", hidden: true });
  #share = element("span", { class: "share", dir: "ltr", "aria-hidden": "true" });
  #count = element("span", { class: "count", "aria-hidden": "true" });
  #spoken = element("span", { class: "unseen" });
  #track = element("span", { class: "track", "aria-hidden": "true" }, element("span", { class: "fill" }));
  #body = element("span", { class: "body" }, this.text, " ", this.word);
  #figures = element("span", { class: "figures" }, this.#share, " ", this.#count, this.#spoken);

  /** Put them into `box`: a button, or what can't be chosen. */
  build(box) {
    box.append(this.mark, this.times, this.#body, this.#figures, this.#track);
    fill(this.item, box);
  }

  /** Show the option `id` with its `text`, and its `count` of `total` ballots: null hides figures and bar. */
  show(id, text, count, total, share) {
    const shown = count !== null;
    set(this.item, "data-option", id);
    set(this.item, "data-count", count);
    set(this.item, "data-length", text.length > LONG ? "long" : SHORT.test(text) && "short");
    writeWhole(this.text, text);
    write(this.#share, shown ? percent(share) : "");
    write(this.#count, shown ? number(count) : "");
    write(this.#spoken, shown ? `${spokenPercent(share)}, ${say("shared.votes", { n: count })}` : "");
    this.#track.style.setProperty("--part", count && total ? Math.min(1, count / total) : 0);
  }
}

/** The page of a poll: every element is in its place from the first paint on, and has its room. `Paper` writes on it. */
class Sheet {
  question = element("h1", { id: "question", dir: "auto" });
  description = element("p", { id: "description", class: "prose faint", dir: "auto", hidden: true });
  time = element("p", { id: "left", class: "pill", hidden: true });
  ended = element("p", { id: "ended", class: "pill", hidden: true });
  top = element("div", { class: "top" }, element("p", { class: "brand" }, brandMark()), this.time, this.ended);
  head = element("header", {}, this.question, this.description);
  list = element("ul", { id: "results", class: "options", "aria-labelledby": "question" });
  sign = element("span", { class: "sign", "aria-hidden": "true" });
  said = element("p", { id: "said", role: "status" });
  trouble = element("p", { id: "trouble", role: "alert", hidden: true });
  #told = element("div", { class: "room" }, this.said, this.trouble);
  state = element("div", { class: "state", "data-mood": "waiting" }, this.sign, this.#told);
  turnout = element("p", { id: "turnout", class: "faint" });
  more = element("div", { class: "more" }, this.turnout);
  veiled = element("p", { id: "veiled", hidden: true });
  #veil = element("div", { class: "room veil faint", hidden: true }, this.veiled);
  send = element("button", { id: "send", class: "main", type: "button", hidden: true }, say("vote.send"));
  foot = element("footer", {}, this.state, this.more, this.#veil, this.send);

  /** Lay it into the page, below `link`. */
  lay(link) {
    byId("screen").className = "";
    fill(byId("screen"), link, this.top, this.head, this.list, this.foot);
  }

  /** Another one, with nothing on it. */
  fresh() {
    return new Sheet();
  }

  /** A line for one more option. */
  line() {
    return new Line();
  }

  /** Write what decides how much room things need, before anything can be done. */
  show(poll, totals) {
    const { length } = poll.question;
    writeWhole(this.question, poll.question);
    const room = Object.keys(LENGTHS).find((name) => length <= LENGTHS[name]) ?? "long";
    set(this.question, "data-length", room);
    set(this.list, "data-few", poll.options.length <= FEW && poll.options.length);
    set(this.#told, "data-room", longest(poll));
    if (poll.results !== "live") {
      this.#veil.hidden = false; // and stays when the results are revealed
      set(this.#veil, "data-room", say(`vote.veiled_${poll.results}`));
    }
    this.send.hidden = poll.max_choices < 2 || totals?.status === "closed";
    write(this.turnout, totals?.voters ? say("shared.turnout", { n: totals.voters }) : "");
  }
}

/** The longest of what is said of a vote in the course of a poll: its room serves all. */
function longest({ max_choices: most, votes_per_user: n }) {
  const several = [most > 1 ? "vote.several_pick" : "vote.several", "vote.several_done"];
  const own = n > 1 ? several : [most > 1 ? "vote.pick" : "vote.tap", most > 1 ? "vote.unsent" : "vote.sending"];
  const all = [...own, "vote.recorded_change", "vote.kept", "vote.closed_voted"].map((name) => say(name, { n, most }));
  return all.reduce((one, other) => (other.length > one.length ? other : one));
}

const sheet = new Sheet();

/** Show the data in the page. What an event has besides is loaded by pages of events alone: hence the template. */
async function paint(link) {
  fill(byId("screen"), link);
  if (given.event) {
    const { paintEvent } = await import(`./vote/${"event"}.js`);
    sheet.painted = paintEvent(given, link, sheet, () => paintPoll(link));
  } else if (given.poll) paintPoll(link);
  else preview(link);
}

function paintPoll(link) {
  const { poll, totals } = given;
  sheet.lay(link);
  sheet.show(poll, totals);
  write(sheet.description, poll.description);
  sheet.description.hidden = !poll.description;
  write(sheet.said, say("shared.link_connecting"));
  const shares = sharesById(totals);
  for (const { id, option_text: text, votes_count: count } of poll.options) {
    const line = sheet.line();
    line.show(id, text, count, totals.total_votes, shares.get(id));
    line.build(element("div", { class: "choice" }));
    sheet.list.append(line.item);
  }
  markLanguage(byId("screen"), poll.language);
}

follow(async (link) => {
  const { attend } = await import("./vote/attend.js");
  await attend(given, link, sheet);
}, paint);
