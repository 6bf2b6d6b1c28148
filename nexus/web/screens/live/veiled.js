/** What a screen in front of an audience hides. */

/** Whether the stage hides the counts, even if its viewer may see them: it shows no more than the poll's results policy
 * lets everyone see. */
export function veiled(poll, status) {
  if (poll.results === "live") return false;
  return poll.results === "host" || status !== "closed";
}

/** What a stage shows of a room: `{poll, totals, online, hold}`, where `hold` hides the counts. */
export function seen({ poll, totals, online = null }) {
  return { poll, totals, online, hold: totals.visibility !== "full" || veiled(poll, totals.status) };
}
