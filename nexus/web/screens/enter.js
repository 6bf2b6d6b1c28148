/** The start page: a code leads to its poll. */

import { codeForm } from "./code.js";
import { byId, element, fill } from "./dom.js";
import { say } from "./words.js";

const form = codeForm();
byId("screen").classList.add("entry");
fill(
  byId("screen"),
  element("p", { class: "brand", "aria-hidden": "true" }, say("shared.brand")),
  element("h1", {}, say("enter.heading")),
  form,
  element("p", { class: "faint" }, element("a", { href: "/host" }, say("enter.host"))),
);
form.querySelector("input").focus();
