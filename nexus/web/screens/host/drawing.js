/** What pictures are drawn with: shapes and texts of SVG in either direction, and how much room a text takes. */

const SVG = "http://www.w3.org/2000/svg";
const FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
const RTL = /^[^A-Za-z\u00c0-\u024f\u0370-\u052f\u3040-\u9fff\uac00-\ud7af]*[\u0590-\u08ff\ufb1d-\ufefc]/;

/** The direction of a text of its own: that of its first letter. */
export function directionOf(text) {
  return RTL.test(text) ? "rtl" : "ltr";
}

/** A picture of `width` by `height`; `direction` is that of the page. Places are told from where lines begin. */
export class Drawing {
  #width;
  #direction;
  #pen = document.createElement("canvas").getContext("2d");

  constructor(width, height, direction) {
    this.#width = width;
    this.#direction = direction;
    const named = { viewBox: `0 0 ${width} ${height}`, width, height, "font-family": FAMILY };
    /** The picture. */
    this.node = shape("svg", named);
  }

  /** A box with round corners. */
  box(x, y, width, height, radius, fill) {
    const at = this.#direction === "rtl" ? this.#width - x - width : x;
    return this.add("rect", { x: at, y, width: Math.max(0, width), height: Math.max(0, height), rx: radius, fill });
  }

  /** A line of text with its baseline at `y`: it begins at `x`, or ends or is centred there. */
  text(text, x, y, { size, weight = 400, fill, anchor = "start" }) {
    const own = directionOf(text);
    const turned = own === this.#direction ? anchor : ({ start: "end", end: "start" }[anchor] ?? anchor);
    const look = { "font-size": size, "font-weight": weight, fill, "text-anchor": turned, direction: own };
    const made = this.add("text", { x: this.place(x), y, ...look });
    made.textContent = text;
    return made;
  }

  /** Another shape, with its places as they are. */
  add(name, attributes) {
    const made = shape(name, attributes);
    this.node.append(made);
    return made;
  }

  /** Where `x` is from the left. */
  place(x) {
    return this.#direction === "rtl" ? this.#width - x : x;
  }

  /** How wide a text is. */
  width(text, { size, weight = 400 }) {
    this.#pen.font = `${weight} ${size}px ${FAMILY}`;
    return this.#pen.measureText(text).width;
  }

  /** A text in lines of at most `room`; the last of `most` lines ends in dots where something is left out. */
  lines(text, room, most, look) {
    const lines = [""];
    for (const word of text.split(/\s+/).filter(Boolean)) {
      const last = lines[lines.length - 1];
      const longer = last ? `${last} ${word}` : word;
      if (this.width(longer, look) <= room || !last) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    const kept = lines.slice(0, most);
    if (lines.length > most) kept[most - 1] += "…";
    return kept.map((line) => this.#clipped(line, room, look));
  }

  #clipped(line, room, look) {
    if (this.width(line, look) <= room) return line;
    const letters = [...line.replace(/…$/, "")];
    while (letters.length && this.width(`${letters.join("")}…`, look) > room) letters.pop();
    return `${letters.join("").trimEnd()}…`;
  }
}

function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}
