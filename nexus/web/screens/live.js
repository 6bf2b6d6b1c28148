/** The presenter's page. What the page carries is painted at once, with the fewest files; the rest comes meanwhile. */

import { follow, given } from "./preview.js";

document.body.classList.toggle("overlay", new URLSearchParams(location.search).get("overlay") === "1");

follow(async (link) => {
  const { attend } = await import("./live/attend.js");
  await attend(given, link);
});
