/** The order of totals: by `(epoch, version)`, and where these are equal, full totals after turnout alone
 * (docs/contract.md, "Words"). No I/O. */

function rank(totals) {
  return [totals.epoch, totals.version, totals.visibility === "full" ? 1 : 0];
}

/** Less than, equal to or greater than zero, as list `a` is less than, equal to or greater than `b`. */
export function compare(a, b) {
  const at = a.findIndex((part, index) => part !== b[index]);
  return at < 0 ? 0 : a[at] - b[at];
}

/** Whether `totals` should replace `shown`; anything replaces nothing. */
export function isNewer(totals, shown) {
  return !shown || compare(rank(totals), rank(shown)) > 0;
}
