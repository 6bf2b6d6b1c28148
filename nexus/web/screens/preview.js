/** What a page of a poll shows before it is connected: what the server put into it. */

import { Bar, sharesById } from "./bar.js";
import { byId, element, fill, markLanguage } from "./dom.js";
import { block, say } from "./words.js";

const LONG = 120;

/** The data in the page: `{code, server_now, poll, totals, refused}`, where `poll` and `totals` may be null. */
export const given = block("given");

/** Paint it into the page, below `link`, the place for news of the connection. */
export function preview(link) {
  const { poll, totals } = given;
  if (!poll) {
    fill(byId("screen"), link, !given.waiting && element("p", { class: "faint" }, say("shared.loading")));
    return;
  }
  const question = element("h1", { id: "question", dir: "auto", "data-long": isLong(poll.question) }, poll.question);
  const shares = sharesById(totals);
  const lines = poll.options.map((option) => line(option, totals.total_votes, shares.get(option.id)));
  const list = element("ul", { id: "results", class: "options" }, lines);
  fill(byId("screen"), link, element("header", {}, question), list);
  markLanguage(byId("screen"), poll.language);
}

/** Whether a question is so long that it needs smaller type. */
export function isLong(question) {
  return question.length > LONG;
}

function line({ id, option_text: text, votes_count: count }, total, share) {
  const bar = new Bar();
  bar.show(text, count, total, share);
  const inside = element("div", { class: "choice" }, element("span", { class: "mark" }), ...bar.parts);
  return element("li", { class: "option", "data-option": id, "data-count": count }, inside);
}

/** Paint with `paint`, and load the rest with `load`; both get `link`. If loading fails, the page says so and offers to
 * reload. */
export async function follow(load, paint = preview) {
  const link = element("p", { id: "link", class: "note warn", role: "status", hidden: true });
  try {
    await paint(link);
    await load(link);
  } catch (error) {
    const again = element("a", { href: location.href }, say("shared.reload"));
    fill(link, say("shared.unreachable"), " ", again);
    link.hidden = false;
    throw error;
  }
}
