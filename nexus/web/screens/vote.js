/** The audience's page. What the page carries is painted at once, with the fewest files; the rest comes meanwhile. */

import { follow, given } from "./preview.js";

follow(async (link) => {
  const { attend } = await import("./vote/attend.js");
  await attend(given, link);
});
