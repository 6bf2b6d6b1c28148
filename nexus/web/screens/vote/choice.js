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
 * `acts` of this voter in this poll, and the ids `picked`, which may be `unsent`; `lost` are the ids of a vote that does
 * not count; `inTouch` whether the server can be reached; `over` if the client has ended and it never can be again.
 *
 * Returns `{mode, most, each, chosen, status, options, sending, standing, ballotsLeft, open, mayVote, mayRetract,
 * maySend, shown}` and what was given, where `most` is how many options one ballot can name, and `each` how many ballots
 * a voter has; each option is `{id, text, count, standing, sending, picked, state, leads}`, where `count` is null while
 * it is hidden, `leads` is as of `leaders`, and `state` is `kept`, `sending`, `standing`, `lost` or `free`. */
export function choices({
  poll, totals, me, acts, picked, lost = new Set(), unsent = false, over = false, inTouch = true,
}) {
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
  const leading = leaders(counts);
  return {
    mode,
    over,
    inTouch,
    lost: lost.size > 0,
    each: poll.votes_per_user,
    chosen: picked.size,
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
    options: ordered(poll).map(({ id, option_text: text }) => {
      const [stands, underWay] = [naming(me, id), naming(casting, id)];
      const state = stateOf({ stands, underWay, inTouch, lost: lost.has(id) });
      const count = counts.get(id) ?? null;
      return { id, text, count, standing: stands, sending: underWay, picked: picked.has(id), state, leads: leading.has(id) };
    }),
  };
}

function stateOf({ stands, underWay, inTouch, lost }) {
  if (underWay) return inTouch ? "sending" : "kept";
  if (lost) return "lost";
  return stands ? "standing" : "free";
}

/** The ids of the options with the most of `counts`, by id; none where nobody has voted, where all are equal, or where
 * counts are hidden. */
export function leaders(counts) {
  const all = [...counts];
  const most = Math.max(...counts.values());
  const first = all.filter(([, count]) => count === most);
  return new Set(most > 0 && first.length < all.length ? first.map(([id]) => id) : []);
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

/** How a voter's vote stands, which icon and colour tell: `kept`, `sending`, `lost`, `unsent`, `standing`, `closed`, `soon`
 * before voting starts, or `free` where there is none. */
export function mood(view) {
  if (view.over || view.lost) return "lost";
  if (view.sending) return view.inTouch ? "sending" : "kept";
  if (isUnsent(view)) return "unsent";
  if (view.standing) return "standing";
  if (view.open) return "free";
  return view.status === "closed" ? "closed" : "soon";
}

/** The name of the sentence that says how things stand, and its values. Nothing is called recorded before its ack. */
export function standing(view) {
  if (view.over) return ["shared.link_expired", {}];
  if (view.sending) return [view.inTouch ? "vote.sending" : "vote.kept", {}];
  if (mood(view) === "soon") return ["follow.soon", {}]; // only events show polls before they open: others have the lobby
  if (!view.open) return [view.standing ? "vote.closed_voted" : "vote.closed", {}];
  if (isUnsent(view)) return ["vote.unsent", { n: view.chosen, most: view.most }];
  if (view.mode === "pick" && view.chosen && view.mayVote && view.unsent) {
    return ["vote.chosen", { n: view.chosen, most: view.most }];
  }
  if (view.ballotsLeft !== null) return ofSeveral(view);
  if (view.standing) return [view.mayVote ? "vote.recorded_change" : "vote.recorded", {}];
  return view.mode === "pick" ? ["vote.pick", { most: view.most }] : ["vote.tap", {}];
}

function ofSeveral({ mode, ballotsLeft: n, each, most, standing: used }) {
  if (!used) return [mode === "pick" ? "vote.several_pick" : "vote.several", { n, most }];
  return n ? ["vote.several_left", { n, each }] : ["vote.several_done", { n: used }];
}

/** Whether a vote stands, and a new choice in its place has not been sent. */
function isUnsent({ unsent, standing: stands, mayVote, ballotsLeft }) {
  return unsent && mayVote && stands > 0 && ballotsLeft === null;
}
