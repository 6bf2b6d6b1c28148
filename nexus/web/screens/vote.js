/** The audience's page. The data in the page is painted at once, with as few files as possible; the rest follows. */

import { element } from "./dom.js";
import { follow, given } from "./preview.js";

follow(async (link) => {
  const { attend } = await import("./vote/attend.js");
  await attend(given, link);
});

// The options must not move when the rest is there.
const { description } = given.poll ?? {};
if (description) document.querySelector("header").append(element("p", { class: "prose faint", dir: "auto" }, description));
