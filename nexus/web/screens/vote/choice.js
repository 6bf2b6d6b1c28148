/** What a voter can do, and which votes count: pure rules over what the room and the client know. No I/O. */

/** How options are chosen: with one tap (`tap`), by picking some and sending them (`pick`), or with one tap for each of
 * several ballots (`several`). */
export function modeOf(poll) {
  if (poll.max_choices > 1) return "pick";
  return poll.votes_per_user > 1 ? "several" : "tap";
}

/** How many of the ballots `list` name the option `id`. */
function naming(list, id) {
  return list.filter(({ options }) => options?.includes(id)).length;
}

/** All that the page shows of a poll: `poll`, the newest `totals` or null, the standing ballots `me`, the unanswered
 * `acts` of this voter in this poll, and the ids `picked`, which may be `unsent`; `over` if the client has ended and
 * the server can't be reached again.
 *
 * Returns `{mode, most, status, options, sending, standing, ballotsLeft, open, mayVote, mayRetract, maySend, shown}`,
 * where `most` is how many options one ballot can name; each option is `{id, text, count, standing, sending, picked}`,
 * where `count` is null while it is hidden. */
export function choices({ poll, totals, me, acts, picked, unsent = false, over = false }) {
  const mode = modeOf(poll);
  const status = totals?.status ?? poll.status;
  const open = status === "open";
  const casting = acts.filter(({ kind }) => kind === "vote");
  const retracting = acts.length - casting.length > 0;
  const used = me.length + (poll.votes_per_user > 1 ? casting.length : 0);
  const ballotsLeft = poll.votes_per_user > 1 ? Math.max(0, poll.votes_per_user - used) : null;
  const replaceable = poll.allow_change || (!me.length && !casting.length);
  const mayVote = open && !over && !retracting && (poll.votes_per_user > 1 ? ballotsLeft > 0 : replaceable);
  const counts = new Map(totals?.options.map(({ id, votes_count: count }) => [id, count]));
  return {
    mode,
    over,
    unsent: unsent && mode === "pick",
    most: Math.min(poll.max_choices, poll.options.length),
    status,
    open,
    mayVote,
    ballotsLeft,
    sending: acts.length,
    standing: me.length,
    mayRetract: open && !over && poll.allow_change && me.length > 0 && acts.length === 0,
    maySend: mayVote && picked.size > 0,
    shown: totals?.visibility === "full",
    options: ordered(poll).map(({ id, option_text: text }) => ({
      id,
      text,
      count: counts.get(id) ?? null,
      standing: naming(me, id),
      sending: naming(casting, id),
      picked: picked.has(id),
    })),
  };
}

function ordered(poll) {
  return [...poll.options].sort((a, b) => a.position - b.position || a.id - b.id);
}

/** The ids that are picked after a tap on `id`; null if `max` are picked already. */
export function toggled(picked, id, max) {
  const next = new Set(picked);
  if (next.delete(id)) return next;
  return next.size < max ? next.add(id) : null;
}

/** The picked ids whose options the poll still has. */
export function stillThere(picked, poll) {
  return new Set(poll.options.map(({ id }) => id).filter((id) => picked.has(id)));
}

/** The choice of a voter who comes back: the options of the ballot that stands, if there is only one. */
export function standingChoice(poll, me) {
  return poll.votes_per_user === 1 && me.length === 1 ? new Set(me[0].options) : new Set();
}

/** The name of the sentence that says how things stand, and its values. Nothing is called recorded before its ack. */
export function standing(view, { inTouch }) {
  if (view.over) return ["shared.link_expired", {}];
  if (view.sending) return [inTouch ? "vote.sending" : "vote.kept", {}];
  if (view.status === "closed") return [view.standing ? "vote.closed_voted" : "vote.closed", {}];
  if (view.status !== "open") return ["vote.not_open", {}];
  if (view.unsent && view.standing && view.mayVote) return ["vote.unsent", {}];
  if (view.ballotsLeft !== null) {
    const used = view.standing;
    const first = view.mode === "pick" ? "vote.several_pick" : "vote.several";
    if (!used) return [first, { n: view.ballotsLeft, most: view.most }];
    return view.ballotsLeft ? ["vote.several_left", { n: view.ballotsLeft, used }] : ["vote.several_done", { n: used }];
  }
  if (view.standing) return [view.mayVote ? "vote.recorded_change" : "vote.recorded", {}];
  return view.mode === "pick" ? ["vote.pick", { most: view.most }] : ["vote.tap", {}];
}
