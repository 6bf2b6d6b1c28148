/** Addresses to share: shown, opened, and copied, even if the page may not use the clipboard. */

import { element, fill } from "../dom.js";
import { say } from "../words.js";
import { announce, button } from "./parts.js";

const SHOWN_MS = 2000;
const LONG = 24; // characters of a part that may have to break

/** An address with its name, a link and a button that copies it; the outcome is announced in `line`. The link may lead
 * to the same by another way, `here`. */
export function address(name, url, line, here = url) {
  const link = element("a", { href: here, target: "_blank", rel: "noopener", dir: "ltr" }, unbroken(url));
  return copied(name, link, url, line);
}

/** An address without its scheme, which breaks before a part and never inside one that is short: inside a code, say. */
export function unbroken(url) {
  const parts = url.replace(/^https?:\/\//, "").split(/(?=\/)/);
  return parts.flatMap((part) => [element("wbr"), part.length > LONG ? part : element("span", { class: "whole" }, part)]);
}

/** A text that is only copied, with its name; the outcome is announced in `line`. */
export function snippet(name, text, line) {
  const made = copied(name, element("code", { dir: "ltr" }, text), text, line);
  made.classList.add("long");
  return made;
}

function copied(name, shown, text, line) {
  const copies = button(say("host.copy"), () => copy(text, shown, copies, line));
  copies.setAttribute("aria-label", say("host.copy_what", { what: name }));
  const inside = element("div", { class: "text" }, element("span", { class: "label" }, name), shown);
  return element("div", { class: "address" }, inside, copies);
}

async function copy(text, node, pressed, line) {
  const done = (await byClipboard(text)) || bySelection(node, text);
  announce(line, done ? say("host.copied") : say("host.selected"));
  if (!done) return;
  fill(pressed, say("host.copied_short"));
  setTimeout(() => fill(pressed, say("host.copy")), SHOWN_MS);
}

async function byClipboard(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // there is no clipboard on a page without https, or it was refused
  }
}

/** Select the text of `node`, so that the user can copy it with one shortcut, and try to copy it. */
function bySelection(node, text) {
  const take = (event) => {
    event.clipboardData?.setData("text/plain", text); // the text shown may be shorter
    event.preventDefault();
  };
  getSelection().selectAllChildren(node);
  document.addEventListener("copy", take, { once: true });
  const done = document.execCommand("copy"); // deprecated, but the only way without https
  document.removeEventListener("copy", take);
  return done;
}
