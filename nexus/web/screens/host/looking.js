/** What a list of polls shows, and the address that says so. */

/** The statuses by which a list can be filtered; an empty one is all. */
export const STATUSES = ["", "open", "scheduled", "draft", "closed"];
/** The orders of a list, as the server names them. */
export const ORDERS = ["-created_at", "created_at", "question", "-question", "expires_at", "-expires_at"];
/** The longest search. */
export const LONGEST = 200;

const FIRST = { search: "", status: "", category: "", ordering: ORDERS[0], page: 1, all: false };

/** A look with what is missing in `look` as it is at first. */
export function complete(look) {
  return Object.assign(look, { ...FIRST, ...look });
}

/** What a list shows that has the `query` in its address; anything that cannot be is as at first. */
export function lookOf(query) {
  const one = (name, values) => (values.includes(query.get(name)) ? query.get(name) : FIRST[name]);
  const whole = (name) => (/^[1-9]\d{0,8}$/.test(query.get(name)) ? Number(query.get(name)) : FIRST[name]);
  const search = (query.get("search") ?? "").slice(0, LONGEST);
  const chosen = { status: one("status", STATUSES), ordering: one("ordering", ORDERS), all: query.get("all") === "true" };
  return { search, category: whole("category"), page: whole("page"), ...chosen };
}

/** The address of a list that shows `look`. */
export function hashOf(look) {
  const query = new URLSearchParams(Object.entries(look).filter(([name, value]) => value !== FIRST[name])).toString();
  return query ? `#/?${query}` : "#/";
}

/** Whether less than everything is shown. */
export function sought({ search, status, category }) {
  return Boolean(search || status || category);
}

/** What the server is asked for: all that a look says but its status, its order and its page. The questions of events
 * have their places there, and only a search finds them here too. */
export function filterOf({ search, category, all }) {
  const query = new URLSearchParams(search ? { search } : { event: "none" });
  if (category) query.set("category", category);
  if (!all) query.set("created_by", "me");
  return query;
}
