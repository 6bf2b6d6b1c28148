/** The overlay for streaming software: where it is, how large, and what it shows, as parameters of its address. */

/** Where it can be: a corner, the upper edge, or the lower third. */
export const PLACES = ["lower-third", "top", "top-left", "top-right", "bottom-left", "bottom-right"];

/** What it can show. */
export const PARTS = ["question", "results", "turnout", "join", "qr"];

/** Its sizes, by name. */
export const SIZES = { s: 0.75, m: 1, l: 1.35 };

/** Its colours: dark ones, or light ones. */
export const THEMES = ["dark", "light"];

const USUAL = { at: PLACES[0], size: "m", theme: THEMES[0], show: ["question", "results", "turnout", "join"] };

/** What a page with this query shows, `{at, size, scale, theme, show}`; null if it is no overlay. What cannot be
 * understood is as usual. */
export function readOverlay(query) {
  const given = new URLSearchParams(query);
  if (given.get("overlay") !== "1") return null;
  const one = (name, known) => (known.includes(given.get(name)) ? given.get(name) : USUAL[name]);
  const shown = given.get("show")?.split(",").filter((part) => PARTS.includes(part));
  const size = one("size", Object.keys(SIZES));
  const show = shown?.length ? shown : USUAL.show;
  return { at: one("at", PLACES), size, scale: SIZES[size], theme: one("theme", THEMES), show };
}

/** The query with which a page is such an overlay; what is usual is left out. */
export function overlayQuery({ at, size, theme, show }) {
  const query = new URLSearchParams({ overlay: "1" });
  for (const [name, value] of Object.entries({ at, size, theme })) if (value !== USUAL[name]) query.set(name, value);
  const parts = PARTS.filter((part) => show.includes(part));
  if (parts.join() !== USUAL.show.join()) query.set("show", parts.join());
  return `?${query}`.replaceAll("%2C", ",");
}

/** What an overlay is like unless its address says more. */
export const usualOverlay = () => ({ ...USUAL, show: [...USUAL.show] });
