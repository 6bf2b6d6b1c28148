/** What Next and Back lead to, in the order of the run sheet (docs/contract.md, "Moving on"). Pure. */

/** What is one step after and one before what an event shows; `last` is what it showed last, where it shows nothing now. A
 * step is `{poll}`, a poll of the run sheet or null for nothing, or `{why}`, the name of the sentence that says why there
 * is none. */
export function steps({ polls, shown }, last) {
  if (!polls.length) return { next: { why: "control.why_empty" }, back: { why: "control.why_empty" } };
  const at = polls.findIndex(({ id }) => id === (shown ?? last));
  const step = (poll, why) => (poll || shown !== null ? { poll: poll ?? null } : { why });
  return {
    next: step(polls[at + 1], "control.why_end"),
    back: step(polls[shown === null ? at : at - 1], "control.why_start"),
  };
}

/** Whether a voter who has not voted sees the results of a poll. */
export function revealed(results, status) {
  return results === "live" || (results === "after_close" && status === "closed");
}
