/** The code with which a page of another site shows a poll in a frame. */

import { element } from "../dom.js";
import { others } from "../invite.js";
import { block, say } from "../words.js";
import { snippet } from "./copying.js";

const HEIGHTS = { vote: 640, live: 480 };
const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** The codes for `poll`, to copy; null unless the operator lets other sites frame polls. */
export function embedding(poll, line) {
  if (!block("site").embeds) return null;
  const codes = Object.keys(HEIGHTS).map((kind) => {
    const title = say(`host.embed_title_${kind}`, { question: poll.question });
    const code = frame(`${others}${kind}/${poll.code}`, title, HEIGHTS[kind]);
    return snippet(say(`host.embed_${kind}`), code, line);
  });
  const head = element("summary", {}, element("h3", {}, say("host.embed")));
  const inside = element("div", { class: "stack tight" }, element("p", { class: "hint" }, say("host.embed_hint")), codes);
  return element("details", {}, head, inside);
}

/** The element as HTML, each value safe in an attribute. */
function frame(src, title, height) {
  const values = { src, title, width: "100%", height, style: "border:0", allow: "fullscreen", loading: "lazy" };
  const named = Object.entries(values).map(([name, value]) => `${name}="${escaped(value)}"`);
  return `<iframe ${named.join(" ")}></iframe>`;
}

function escaped(value) {
  return String(value).replace(/\s+/g, " ").replace(/[&<>"']/g, (sign) => ESCAPES[sign]);
}
