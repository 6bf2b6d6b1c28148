/** Elements of the page. Text is only ever set as text. */

/** The root of the service, with a slash at its end: this file came from below it, whatever the server knows. */
export const root = new URL("../../../", import.meta.url).href;

/** An element: `attributes` by name, where true is an empty attribute, and false, null and undefined are left out; `on`
 * holds its listeners by event. `children` are nodes and texts; null, undefined and false are left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  const { on = {}, ...plain } = attributes;
  for (const [key, value] of Object.entries(plain)) set(made, key, value);
  for (const [event, listener] of Object.entries(on)) made.addEventListener(event, listener);
  made.append(...present(children));
  return made;
}

/** Whether the page is in a frame: there nobody logs in, and no login is used, as the page around could guide clicks. */
export const framed = globalThis.top !== globalThis.self;

/** Set one attribute, as in `element`. */
export function set(node, key, value) {
  if (value === false || value === null || value === undefined) node.removeAttribute(key);
  else if (node.getAttribute(key) !== String(value === true ? "" : value)) {
    node.setAttribute(key, value === true ? "" : value);
  }
}

/** Replace the content of `node` with `children`, as in `element`. */
export function fill(node, ...children) {
  node.replaceChildren(...present(children));
  return node;
}

/** Set a text only if it differs, so that a live region does not announce the same text again. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const HYPHENATED = /(\S+[-\u2010]\S+)/u;
const LONGEST_WHOLE = 14; // what is longer may have to be broken

/** Set a text only if it differs; its short words with a hyphen, such as `Wi-Fi`, stay in one line. */
export function writeWhole(node, text) {
  if (node.textContent === text) return;
  const pieces = text.split(HYPHENATED);
  const whole = (piece) => piece.length > LONGEST_WHOLE ? piece : element("span", { class: "whole" }, piece);
  fill(node, ...pieces.map((piece, n) => (n % 2 ? whole(piece) : piece)));
}

/** Mark the texts in `node` that a host has written as being in their `language`; null if nobody said which it is. */
export function markLanguage(node, language) {
  for (const text of node.querySelectorAll('[dir="auto"]')) set(text, "lang", language);
}

/** The node with this id. */
export function byId(id) {
  return document.getElementById(id);
}

const SVG = "http://www.w3.org/2000/svg";

/** A picture of one path on a 24 by 24 grid, hidden from screen readers. */
export function icon(path) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [key, value] of [["viewBox", "0 0 24 24"], ["class", "icon"], ["aria-hidden", "true"]]) {
    svg.setAttribute(key, value);
  }
  const drawn = document.createElementNS(SVG, "path");
  drawn.setAttribute("d", path);
  svg.append(drawn);
  return svg;
}

function present(children) {
  return children.flat().filter((child) => child !== null && child !== undefined && child !== false);
}
