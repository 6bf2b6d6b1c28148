/** The audience's page. The data in the page is painted at once, with as few files as possible; the rest follows. */

import { follow, given } from "./preview.js";

follow(async (link) => {
  const { attend } = await import("./vote/attend.js");
  await attend(given, link);
});
