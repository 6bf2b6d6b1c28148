/** The order of totals: `(epoch, version)`, and at the same place a full one after one of turnout alone (contract,
 * section 1). No I/O. */

function rank(totals) {
  return [totals.epoch, totals.version, totals.visibility === "full" ? 1 : 0];
}

/** Below, at or above zero as list `a` is below, at or above `b`. */
export function compare(a, b) {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at < 0 ? 0 : a[at] - b[at];
}

/** Whether `totals` are to be shown where `shown` are; anything is, where nothing is. */
export function isNewer(totals, shown) {
  return !shown || compare(rank(totals), rank(shown)) > 0;
}
