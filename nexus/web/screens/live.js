/** The presenter's page. The data in the page is painted at once, with as few files as possible; the rest follows. */

import { follow, given } from "./preview.js";

document.body.classList.toggle("overlay", new URLSearchParams(location.search).get("overlay") === "1");

follow(async (link) => {
  const { attend } = await import("./live/attend.js");
  await attend(given, link);
});
