/** The largest type at which everything fits the screen, and bars as thick as the rest of the room allows. */

const LEAST_PX = 15; // smaller type is unreadable: the page scrolls instead
const MOST = 0.07; // of the screen's height, or of 0.6 of its width if that is less; upright, of its width
const UPRIGHT = 1.1; // live.css has the same limit
const MOST_OF_OVERLAY = 0.034; // of the picture's height
const BAND = 1 / 3; // of it, for an overlay along an edge; others may be as high as there is room
const CORNER = 0.88;
const MOST_COLUMNS = 4;
const ROWS_FOR_COLUMNS = 7;
const NARROWEST_COLUMN_EM = 15;
const EXACT_PX = 0.5;
const WORTH = 1.2; // another column is read less easily: the type must gain this much by it
const LINE_EM = 1.2;
const COLUMN_EM = 5.4; // at least
const NAME_EM = 5; // below a column: a crown and three lines
const UNBROKEN = 0.75; // of the size: smaller is better than names in two lines
const ROUNDED_PX = 1; // both heights are rounded: content that fits may seem to be this much higher
const LEAST_OF_SHAPES = 0.024; // of the screen, as what surrounds the chart (--chrome): smaller names would be lost
const THICK_EM = [0.5, 1.5]; // of a bar
const FEW = 3; // options, whose bars are as thick as this where the screen is upright:
const THICKEST_EM = 3;
const LEAST_TRACK = 0.45; // of a column's height, which its name and its figures leave it
const FOR_BARS = 0.55; // of the room that is left

/** Keeps `stage` fitted to the window, by the properties `--size` (of its type), and of the list of `chart` `--columns`,
 * `--rows`, `--thick` (of a bar) and `--track` (the length of a whole one). */
export class Fit {
  #stage;
  #chart;
  #list;
  #panel;
  #aside;
  #overlay;
  #planned = 0;
  #fitted = ""; // the space available at the last fit

  constructor(stage, chart, overlay) {
    this.#stage = stage;
    this.#chart = chart;
    this.#list = chart.list;
    this.#panel = chart.node.parentElement;
    this.#aside = stage.querySelector("aside");
    this.#overlay = overlay;
    // The space changes without the window too: with news above the stage, and with a longer footer.
    const changes = new ResizeObserver(() => this.#room() !== this.#fitted && this.soon());
    for (const part of [stage, stage.querySelector("footer"), document.documentElement]) changes.observe(part);
  }

  /** Fit at once. */
  now() {
    if (!this.#stage.isConnected) return;
    this.#stage.classList.remove("scrolls"); // with it anything would fit
    const { kind, node } = this.#chart;
    const shaped = kind === "bars" || this.#overlay ? null : this.#best(kind);
    const readable = shaped?.size >= LEAST_OF_SHAPES * Math.min(innerWidth, innerHeight);
    const best = readable ? shaped : this.#best("bars");
    node.dataset.chart = readable ? kind : "bars";
    if (best) this.#apply(best.size, best.columns);
    else this.#scroll();
    this.#thicken();
    this.#fitted = this.#room();
  }

  /** Fit in the next frame. */
  soon() {
    cancelAnimationFrame(this.#planned);
    this.#planned = requestAnimationFrame(() => this.now());
  }

  #room() {
    const parts = [this.#stage, this.#stage.querySelector("footer")];
    const sizes = parts.map((part) => [part.offsetWidth, part.offsetHeight]);
    return this.#overlay ? `${innerWidth},${innerHeight}` : sizes.join();
  }

  #best(shape) {
    this.#chart.node.dataset.chart = shape;
    let best = null;
    for (const columns of this.#candidates(shape)) {
      if (best && this.#inBand && this.#count() % columns) break; // an empty cell
      const size = this.#largest(columns, best ? best.size * WORTH : LEAST_PX);
      if (size) best = { size, columns };
    }
    if (!best || shape === "columns") return best;
    const least = Math.max(LEAST_PX, best.size * UNBROKEN);
    return { ...best, size: this.#largest(best.columns, least, 1) || best.size };
  }

  /** Too much for one screen: use as many columns as can be read, and let the page scroll. */
  #scroll() {
    this.#apply(LEAST_PX, 1);
    this.#stage.classList.add("scrolls");
    const room = Math.floor(this.#list.clientWidth / (NARROWEST_COLUMN_EM * LEAST_PX));
    this.#apply(LEAST_PX, Math.max(1, Math.min(room, MOST_COLUMNS)));
  }

  get #isUpright() {
    return innerWidth <= innerHeight * UPRIGHT;
  }

  get #inCorner() {
    return /left|right/.test(this.#overlay?.at);
  }

  get #inBand() {
    return this.#overlay && !this.#inCorner;
  }

  #count() {
    return Math.max(1, [...this.#list.children].filter(({ hidden }) => !hidden).length);
  }

  #candidates(shape) {
    if (shape === "columns") return [this.#count()];
    if (shape === "donut" || this.#inCorner) return [1];
    const count = this.#count();
    const most = this.#inBand ? count : Math.min(MOST_COLUMNS, Math.ceil(count / ROWS_FOR_COLUMNS) + 1);
    const all = Array.from({ length: most }, (_, index) => index + 1);
    return this.#inBand ? all.sort((a, b) => (count % a > 0) - (count % b > 0) || a - b) : all; // whole grids first
  }

  /** The largest size at which this many columns fit, with names of no more than `lines`; 0 if they don't fit at `least`.
   * Each check costs a layout. */
  #largest(columns, least, lines = Infinity) {
    const { innerWidth: width, innerHeight: height } = window;
    const screen = Math.min(width * (this.#isUpright ? 1 : 0.6), height) * MOST;
    const most = this.#overlay ? Math.min(width, height) * MOST_OF_OVERLAY * this.#overlay.scale : screen;
    let [low, high] = [least, Math.max(least, most)];
    if (!this.#fits(low, columns, lines)) return 0;
    if (this.#fits(high, columns, lines)) return high;
    while (high - low > EXACT_PX) {
      const middle = (low + high) / 2;
      if (this.#fits(middle, columns, lines)) low = middle;
      else high = middle;
    }
    return low;
  }

  #fits(size, columns, lines) {
    this.#apply(size, columns);
    const shape = this.#chart.node.dataset.chart;
    const upright = shape === "columns";
    const narrowest = upright ? COLUMN_EM : NARROWEST_COLUMN_EM;
    const wide = this.#list.clientWidth / columns >= narrowest * size;
    if ((!wide && (upright || columns > 1)) || (this.#overlay && !this.#isLow())) return false;
    const parts = [this.#stage, this.#panel, this.#chart.node, this.#list, this.#aside];
    const names = [...this.#list.querySelectorAll(".name")];
    const high = (upright ? NAME_EM : (lines + 0.5) * LINE_EM) * size;
    const inside = (name) => !upright || bottom(name) <= bottom(this.#list) + ROUNDED_PX;
    const [track] = this.#list.querySelectorAll(".bar:not([hidden]) .track");
    if (upright && track?.clientHeight < LEAST_TRACK * this.#list.clientHeight) return false;
    return (
      names.every((name) => name.offsetHeight <= high && inside(name)) &&
      parts.every((part) => part.scrollHeight <= part.clientHeight + ROUNDED_PX) &&
      parts.every((part) => part.scrollWidth <= part.clientWidth + ROUNDED_PX) &&
      names.every((name) => name.scrollWidth <= name.clientWidth + ROUNDED_PX) &&
      [...this.#list.querySelectorAll(".text")].every((text) => text.scrollWidth <= text.clientWidth) // no word is broken
    );
  }

  #isLow() {
    return this.#stage.offsetHeight <= window.innerHeight * (this.#inCorner ? CORNER : BAND);
  }

  #apply(size, columns) {
    const { style } = this.#stage;
    style.setProperty("--size", `${size}px`);
    style.setProperty("--columns", columns);
    const lined = this.#inBand && columns === 1 && !this.#isUpright;
    this.#stage.toggleAttribute("data-lined", lined); // each bar in the line of its name
    style.setProperty("--rows", Math.ceil(this.#count() / columns));
    style.setProperty("--thick", `${THICK_EM[0]}em`);
    style.removeProperty("--names");
  }

  /** Give bars what is left of the room, and say how long a whole one is, in pixels, so that none moves by layout. */
  #thicken() {
    const rows = [...this.#list.children].filter(({ hidden }) => !hidden);
    if (!rows.length) return;
    const upright = this.#chart.node.dataset.chart === "columns";
    const set = (name, px) => this.#stage.style.setProperty(name, `${px}px`);
    if (upright) set("--names", Math.max(...rows.map((row) => row.querySelector(".name").offsetHeight)));
    else if (!this.#overlay && !this.#stage.classList.contains("scrolls")) set("--thick", this.#thickness(rows));
    const { clientWidth: width, clientHeight: height } = rows[0].querySelector(".track");
    if (upright) set("--thick", width);
    if (width) set("--track", upright ? height : width);
  }

  #thickness(rows) {
    const { style } = this.#stage;
    const size = parseFloat(style.getPropertyValue("--size"));
    const column = rows.slice(0, Number(style.getPropertyValue("--rows")));
    const gap = parseFloat(getComputedStyle(this.#list).rowGap) || 0;
    const used = column.reduce((sum, { offsetHeight }) => sum + offsetHeight + gap, -gap);
    const left = Math.max(0, this.#list.clientHeight - used) / column.length;
    const thickest = this.#isUpright && rows.length <= FEW ? THICKEST_EM : THICK_EM[1];
    return Math.min(thickest * size, THICK_EM[0] * size + (left > size / 4 ? FOR_BARS * left : 0));
  }
}

function bottom(node) {
  return node.getBoundingClientRect().bottom;
}
