/** The start page: a code leads to its poll, or, at `/live`, to its results on a screen. */

import { codeForm } from "./code.js";
import { byId, element, fill, root } from "./dom.js";
import { block, brandMark, say } from "./words.js";

const closed = block("registration") === "closed";
const stage = /\/live\/*$/.test(location.pathname);
const form = stage ? codeForm("", "live/") : codeForm();
byId("screen").classList.add("entry");
fill(
  byId("screen"),
  element("p", { class: "brand" }, brandMark()),
  element("div", { class: "motif", "aria-hidden": "true" }, ...[1, 2, 3].map(() => element("span"))),
  element("h1", {}, say(stage ? "enter.live_heading" : "enter.heading")),
  form,
  element("p", { class: "faint" }, element("a", { href: `${root}host` }, say(closed ? "enter.log_in" : "enter.host"))),
);
form.querySelector("input").focus();
