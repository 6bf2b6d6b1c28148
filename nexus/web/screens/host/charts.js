/** The charts of pictures: bars, columns and a donut, in the room that they are given. */

import { nthLetter } from "../chart/standing.js";

const IN_ONE = 6; // bars in one column
const GAP = 64; // between two
const RING = 0.3; // of the radius of a donut
const LEAST = 0.04; // of one turn: smaller slices have no room for a letter

/** Draw `rows` (`picture.js`) as a chart of this `kind` into the `room` `{x, y, width, height}`. */
export function drawChart(drawing, colours, { kind, rows, room }) {
  const draw = { bars: drawBars, columns: drawColumns, donut: drawDonut }[rows[0]?.share === null ? "bars" : kind];
  draw(drawing, colours, rows, room);
}

function drawBars(drawing, colours, rows, room) {
  const columns = rows.length > IN_ONE ? 2 : 1;
  const down = Math.ceil(rows.length / columns);
  const width = (room.width - GAP * (columns - 1)) / columns;
  const step = room.height / down;
  rows.forEach((row, n) => {
    const x = room.x + Math.floor(n / down) * (width + GAP);
    drawBar(drawing, colours, row, { x, y: room.y + step * (n % down), width, height: step });
  });
}

function drawBar(drawing, colours, row, { x, y, width, height }) {
  const size = Math.min(40, height * 0.36);
  const thick = Math.min(40, height * 0.24);
  const top = y + (height - 1.3 * size - thick) / 2;
  const line = top + 0.85 * size;
  const letter = row.letter ? 1.4 * size : 0;
  const figures = drawFigures(drawing, colours, row, x + width, line, size);
  const look = { size, weight: row.first ? 800 : 500, fill: colours.ink };
  if (letter) drawing.text(row.letter, x, line, { ...look, weight: 800 });
  drawing.text(drawing.lines(row.text, width - figures - letter - 24, 1, look)[0], x + letter, line, look);
  const bar = top + 1.3 * size;
  drawing.box(x, bar, width, thick, thick / 2, colours.groove);
  if (row.part) drawing.box(x, bar, Math.max(thick, width * row.part), thick, thick / 2, row.colour);
}

/** The share and the count, which end at `end`; returns how wide they are. */
function drawFigures(drawing, colours, { share, count }, end, line, size) {
  if (share === null) return 0;
  const strong = { size, weight: 800, fill: colours.ink, anchor: "end" };
  const plain = { size: size * 0.8, weight: 500, fill: colours.faint, anchor: "end" };
  drawing.text(share, end, line, strong);
  const room = Math.max(drawing.width("100%", strong), drawing.width(share, strong)) + 20;
  drawing.text(count, end - room, line, plain);
  return room + drawing.width(count, plain);
}

function drawColumns(drawing, colours, rows, { x, y, width, height }) {
  const step = width / rows.length;
  const thick = Math.min(160, step * 0.72);
  const size = Math.min(30, step * 0.16);
  const [top, base] = [y + size * 3.2, y + height - size * 3];
  const most = Math.max(...rows.map(({ part }) => part));
  rows.forEach((row, n) => {
    const middle = x + step * (n + 0.5);
    const tall = row.part ? Math.max(4, ((base - top) * row.part) / most) : 0;
    const above = base - tall;
    drawing.box(middle - thick / 2, above, thick, tall, Math.min(12, tall / 2), row.colour);
    drawing.box(middle - thick / 2, base - 1, thick, 3, 0, colours.faint);
    drawing.text(row.share, middle, above - size * 1.5, { size: size * 1.25, weight: 800, fill: colours.ink, anchor: "middle" });
    drawing.text(row.count, middle, above - size * 0.4, { size: size * 0.8, weight: 500, fill: colours.faint, anchor: "middle" });
    const look = { size, weight: row.first ? 800 : 500, fill: colours.ink, anchor: "middle" };
    const lines = drawing.lines(row.text, step - 16, 2, look);
    lines.forEach((line, at) => drawing.text(line, middle, base + size * (1.4 + at * 1.2), look));
  });
}

function drawDonut(drawing, colours, rows, { x, y, width, height }) {
  const outer = height / 2;
  const thick = outer * RING * 1.4;
  const [radius, centre] = [outer - thick / 2, { x: drawing.place(x + outer), y: y + outer }];
  const ring = { cx: centre.x, cy: centre.y, r: radius, fill: "none", "stroke-width": thick };
  drawing.add("circle", { ...ring, stroke: colours.groove });
  const whole = rows.reduce((sum, { part }) => sum + part, 0) || 1;
  let from = 0;
  for (const row of rows) {
    const part = row.part / whole;
    drawSlice(drawing, colours, { ring, row, from, part });
    from += part;
  }
  drawBars(drawing, colours, rows.map((row) => ({ ...row, letter: nthLetter(row.place) })), {
    x: x + 2 * outer + 56, y, width: width - 2 * outer - 56, height,
  });
}

function drawSlice(drawing, colours, { ring, row, from, part }) {
  if (!part) return;
  const turn = `rotate(${from * 360 - 90} ${ring.cx} ${ring.cy})`;
  const dashes = `${part * 100} 100`;
  drawing.add("circle", { ...ring, stroke: row.colour, pathLength: 100, "stroke-dasharray": dashes, transform: turn });
  if (part < LEAST) return;
  const angle = 2 * Math.PI * (from + part / 2 - 0.25);
  const at = { x: ring.cx + ring.r * Math.cos(angle), y: ring.cy + ring.r * Math.sin(angle) + 10 };
  const look = { "font-size": 30, "font-weight": 800, fill: colours.card, "text-anchor": "middle" };
  drawing.add("text", { ...at, ...look }).textContent = nthLetter(row.place);
}
