/** What a poll allows, in sentences. */

import { say } from "../words.js";

/** How votes are cast. */
export function votingRules(poll) {
  return [
    say("host.allows_choices", { n: poll.max_choices }),
    say("host.allows_votes", { n: poll.votes_per_user }),
    ...(poll.votes_per_user === 1 ? [rule(poll, "change", "allow_change")] : []),
  ];
}

/** Who may vote, and who learns of it. */
export function audienceRules(poll) {
  return [rule(poll, "guests", "allow_guests"), rule(poll, "anonymous", "anonymous"), rule(poll, "public", "is_public")];
}

function rule(poll, name, flag) {
  return say(`host.allows_${name}_${poll[flag] ? "yes" : "no"}`);
}
