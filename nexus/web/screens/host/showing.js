/** What an event shows. */

/** The place of the question that is shown, from 1; null where nothing is. */
export function shownPlace({ polls, shown }) {
  const place = polls.findIndex(({ id }) => id === shown);
  return place < 0 ? null : place + 1;
}

/** Whether `me` may do with an event what its owner alone may: delete it, hand it over, and say who hosts it too. */
export function owns({ created_by: owner }, me) {
  return owner === me.sub || me.roles.includes("admin");
}
