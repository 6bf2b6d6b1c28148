/** Results as a picture, as the stage shows them: the question, the chart of the poll, the brand, the turnout and the day. */

import { percent, sharesById } from "../bar.js";
import { ahead, arrangement, byPosition, chartOf } from "../chart/standing.js";
import { locale, number, say } from "../words.js";
import { drawChart } from "./charts.js";
import { Drawing } from "./drawing.js";
import { tokens } from "./tokens.js";

const [WIDTH, HEIGHT, EDGE] = [1600, 900, 72];
const MANY = 12; // more options than these are drawn as the ten with most votes, as on stage
const LONG = 80; // characters of a question in smaller type
const LOGO = 56;

/** The picture as an element. `look` is the brand, with its logo as a `data:` address, and `scheme` light or dark. Counts
 * that a totals frame hides are in no picture. */
export function picture({ poll, totals, look, scheme, at = new Date() }) {
  const colours = tokens(look, scheme);
  const drawing = new Drawing(WIDTH, HEIGHT, document.documentElement.dir || "ltr");
  drawing.box(0, 0, WIDTH, HEIGHT, 0, colours.paper);
  drawHead(drawing, colours, look, at);
  const top = drawQuestion(drawing, colours, poll.question);
  const bottom = HEIGHT - EDGE - 44;
  drawing.box(EDGE, top, WIDTH - 2 * EDGE, bottom - top, 32, colours.card);
  const inside = { x: EDGE + 44, y: top + 36, width: WIDTH - 2 * EDGE - 88, height: bottom - top - 72 };
  const { rows, more } = rowsOf(poll, totals, colours);
  drawChart(drawing, colours, { kind: chartOf(poll), rows, room: inside });
  const left = more && say("sheet.more", { n: more });
  drawFoot(drawing, colours, [say("shared.turnout", { n: totals.voters }), left].filter(Boolean).join(" · "), totals);
  return drawing.node;
}

/** What a chart shows of each option: `{text, part, share, count, first, colour, letter}`; null where counts are hidden. */
function rowsOf(poll, totals, colours) {
  const shares = sharesById(totals);
  const hold = !shares.size;
  const counts = new Map(totals.options.map(({ id, votes_count: count }) => [id, count]));
  const places = new Map(byPosition(poll.options).map(({ id }, place) => [id, place]));
  const first = hold ? new Set() : ahead(totals);
  const { shown, more } = arrangement(poll, totals, { hold, all: false, most: MANY });
  const total = totals.total_votes;
  const rows = shown.slice(0, MANY).map(({ id, option_text: text }) => ({
    text,
    place: places.get(id),
    colour: colours.options[places.get(id) % colours.options.length],
    count: hold ? null : number(counts.get(id)),
    share: hold ? null : percent(shares.get(id)),
    part: !hold && total ? Math.min(1, counts.get(id) / total) : 0,
    first: first.has(id),
  }));
  return { rows, more: hold ? Math.max(0, shown.length - MANY) : more };
}

function drawHead(drawing, colours, look, at) {
  const day = at.toLocaleDateString(locale, { dateStyle: "long" });
  drawing.text(day, WIDTH - EDGE, 108, { size: 28, weight: 500, fill: colours.faint, anchor: "end" });
  if (look.logo) {
    const width = Math.min(520, (LOGO * look.logo.width) / look.logo.height);
    const x = drawing.place(EDGE) - (drawing.place(0) ? width : 0);
    const sized = { x, y: 70, width, height: LOGO, preserveAspectRatio: "xMidYMid meet", href: look.logo.url };
    drawing.add("image", sized);
  } else drawing.text(look.name, EDGE, 110, { size: 34, weight: 800, fill: colours.accent });
}

function drawQuestion(drawing, colours, question) {
  const look = { size: question.length > LONG ? 44 : 60, weight: 800, fill: colours.ink };
  const lines = drawing.lines(question, WIDTH - 2 * EDGE, 3, look);
  const step = look.size * 1.15;
  lines.forEach((line, n) => drawing.text(line, EDGE, 150 + step * (n + 0.95), look));
  return 150 + step * lines.length + 36;
}

function drawFoot(drawing, colours, text, totals) {
  const y = HEIGHT - EDGE + 10;
  drawing.text(text, EDGE, y, { size: 28, weight: 500, fill: colours.faint });
  const status = say(totals.final ? "sheet.final" : `shared.status_${totals.status}`);
  drawing.text(status, WIDTH - EDGE, y, { size: 28, weight: 650, fill: colours.faint, anchor: "end" });
}
