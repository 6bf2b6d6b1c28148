/** The page of a poll or an event that exists no more, with the field for another code. Few voters see it. */

import { calm } from "../calm.js";
import { codeForm } from "../code.js";
import { byId, element, fill } from "../dom.js";
import { FINISH } from "../icons.js";
import { brandMark } from "../words.js";

/** Say `title`, and why in `hint`. */
export function showGone(title, hint) {
  const main = byId("screen");
  document.body.classList.remove("waits");
  main.classList.add("entry");
  const brand = element("p", { class: "brand" }, brandMark());
  fill(main, brand, calm(FINISH, title, element("p", { class: "faint" }, hint)), codeForm());
  main.querySelector("h1").focus();
}
