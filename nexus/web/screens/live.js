/** The presenter's page. The data in the page is painted at once, with as few files as possible; the rest follows. */

import { follow, given } from "./preview.js";

const overlaid = new URLSearchParams(location.search).get("overlay") === "1";
document.body.classList.toggle("overlay", overlaid);

follow(async (link) => {
  const [{ attend, lay }, overlay] = await Promise.all([import("./live/attend.js"), overlaid && readOverlay()]);
  if (overlay) lay(overlay);
  await attend(given, link);
});

/** What the address of an overlay asks for. Few stages are one: its module is loaded only here, and its sheet, without which
 * the stage would not fit. */
async function readOverlay() {
  const sheet = async () => (await import(`./${"sheets"}.js`)).sheet("live/overlay");
  const [overlay] = await Promise.all([import(`./${"overlay"}.js`), sheet()]);
  return overlay.readOverlay(location.search);
}
