/** The largest type at which everything fits the screen. */

const LEAST_PX = 15; // smaller type is unreadable: the page scrolls instead
const MOST = 0.05; // of the screen's height, or of 0.6 of its width if that is less
const MOST_COLUMNS = 4;
const ROWS_FOR_COLUMNS = 7;
const NARROWEST_COLUMN_EM = 14;
const EXACT_PX = 0.5;
const ROUNDED_PX = 1; // both heights are rounded: content that fits may seem to be this much higher

/** Keeps `stage` fitted to the window until `signal`, by the properties `--size` (of its type) and `--columns` (of its `list`). */
export class Fit {
  #stage;
  #list;
  #planned = 0;
  #fitted = ""; // the space available at the last fit

  constructor(stage, list, signal) {
    this.#stage = stage;
    this.#list = list;
    window.addEventListener("resize", () => this.#soon(), { signal });
    stage.querySelector("img")?.addEventListener("load", () => this.#soon());
    // The space changes without the window too: with news above the stage, and with a longer footer.
    const changes = new ResizeObserver(() => this.#room() !== this.#fitted && this.#soon());
    for (const part of [stage, stage.querySelector("footer")]) changes.observe(part);
  }

  /** Fit at once. */
  now() {
    this.#stage.classList.remove("scrolls"); // with it anything would fit
    let best = null;
    for (const columns of this.#candidates()) {
      const size = this.#largest(columns, best ? best.size + EXACT_PX : LEAST_PX);
      if (size) best = { size, columns };
    }
    if (best) this.#apply(best.size, best.columns);
    else this.#scroll();
    this.#fitted = this.#room();
  }

  #room() {
    const parts = [this.#stage, this.#stage.querySelector("footer")];
    return parts.map((part) => [part.offsetWidth, part.offsetHeight]).join();
  }

  /** Too much for one screen: use as many columns as can be read, and let the page scroll. */
  #scroll() {
    this.#apply(LEAST_PX, 1);
    this.#stage.classList.add("scrolls");
    const room = Math.floor(this.#list.clientWidth / (NARROWEST_COLUMN_EM * LEAST_PX));
    this.#apply(LEAST_PX, Math.max(1, Math.min(room, MOST_COLUMNS)));
  }

  #soon() {
    cancelAnimationFrame(this.#planned);
    this.#planned = requestAnimationFrame(() => this.now());
  }

  #candidates() {
    const options = this.#list.children.length;
    const most = Math.min(MOST_COLUMNS, Math.ceil(options / ROWS_FOR_COLUMNS) + 1);
    return Array.from({ length: most }, (_, index) => index + 1);
  }

  /** The largest size at which this many columns fit; 0 if they don't fit at `least`. Each check costs a layout. */
  #largest(columns, least) {
    let [low, high] = [least, Math.max(least, Math.min(window.innerWidth * 0.6, window.innerHeight) * MOST * 1.5)];
    if (!this.#fits(low, columns)) return 0;
    if (this.#fits(high, columns)) return high;
    while (high - low > EXACT_PX) {
      const middle = (low + high) / 2;
      if (this.#fits(middle, columns)) low = middle;
      else high = middle;
    }
    return low;
  }

  #fits(size, columns) {
    this.#apply(size, columns);
    const wide = columns === 1 || this.#list.clientWidth / columns >= NARROWEST_COLUMN_EM * size;
    // The aside overflows into the stage's padding, which the stage itself does not count as overflow.
    const parts = [this.#stage, this.#stage.querySelector("aside")];
    const holds = (part) => part.scrollHeight <= part.clientHeight + ROUNDED_PX && part.scrollWidth <= part.clientWidth;
    return wide && parts.every(holds);
  }

  #apply(size, columns) {
    this.#stage.style.setProperty("--size", `${size}px`);
    this.#stage.style.setProperty("--columns", columns);
    this.#stage.style.setProperty("--rows", Math.ceil(this.#list.children.length / columns));
  }
}
