/** Longer texts that people have written: their lines stay, and their web addresses become links. */

import { element, fill } from "./dom.js";

// No control or invisible characters: they could make an address look like another one.
const ADDRESS = /\bhttps?:\/\/[^\s\p{C}<>"]+/giu;
const PARTS = /^(https?:)\/\/([^/?#\\]+)(.*)$/iu;
const BREAK = /\r\n|[\r\v\f\u0085\u2028\u2029]/g;
const MANY = /\n(?:[^\S\n]*\n){2,}/g;
const PUNCTUATION = /[.,;:!?'’”»…*_~`。，、；：！？」』]$/u;
const BRACKETS = { ")": "(", "]": "[", "}": "{", "）": "（", "】": "【", "》": "《" };
const OUTSIDE = { target: "_blank", rel: "noopener noreferrer nofollow", dir: "ltr" };

/** Fill `node` with `text`: plain text and links that open outside. An empty text hides the node. */
export function showProse(node, text) {
  node.hidden = !text;
  if (node.dataset.text === text) return;
  node.dataset.text = text;
  fill(node, pieces(text).map(([shown, href]) => (href ? element("a", { href, ...OUTSIDE }, shown) : shown)));
}

/** The pieces of a text in their order: `[text]`, or `[text, href]` for a link. */
export function pieces(text) {
  const plain = text.replace(BREAK, "\n").replace(MANY, "\n\n");
  const found = [];
  let end = 0;
  for (const { 0: match, index } of plain.matchAll(ADDRESS)) {
    const address = withoutEnd(match);
    const link = linkTo(address);
    if (!link) continue;
    if (index > end) found.push([plain.slice(end, index)]);
    found.push(link);
    end = index + address.length;
  }
  if (end < plain.length) found.push([plain.slice(end)]);
  return found;
}

/** An address without what belongs to the sentence: punctuation, and brackets that it doesn't open itself. */
function withoutEnd(address) {
  const missing = new Map(Object.entries(BRACKETS).map(([end, start]) => [end, count(address, end) - count(address, start)]));
  let length = address.length;
  for (; ; length -= 1) {
    const last = address[length - 1];
    if (missing.get(last) > 0) missing.set(last, missing.get(last) - 1);
    else if (!PUNCTUATION.test(last)) return address.slice(0, length);
  }
}

const count = (text, sign) => text.split(sign).length - 1;

/** `[shown, href]`, where what is shown leads to `href` too, with an international host in its ASCII form; null for an
 * address with a name or password in it, which could pretend to be a host, and for one that is none. */
function linkTo(address) {
  const [, scheme, host, rest] = PARTS.exec(address) ?? [];
  const url = host && !host.includes("@") && parsed(address);
  if (!url) return null;
  const shown = `${scheme.toLowerCase()}//${url.host}${rest}`;
  return parsed(shown)?.href === url.href ? [shown, url.href] : null;
}

function parsed(address) {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
