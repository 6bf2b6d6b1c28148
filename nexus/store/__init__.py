"""All SQL, and nothing else: the only user of `databases` and `asyncpg`.

- `database`: a pool and its transactions; `pools`: those of a worker; `schema`: the tables, and the steps that
  bring them forward
- `voting`: the transaction of a batch of ballots, one call; `batch`: what goes into it, and what comes back
- `polls`: what hosts do to polls; `new_polls`: how they come to be; `options`: what hosts do to their options;
  `rounds`: opening, closing and resetting, also by the clock; `categories`: what polls are sorted under
- `events`: what hosts do to events; `run_sheets`: what a change of a poll means for its event; `event_lists`: lists of
  events; `event_rows`: their rows as values; `event_departures`: what becomes of them when their owner is deleted
- `locks`: the locks of polls and events. Every transaction takes locks in one order: rows of accounts; of events, by
  id; of polls, by id; the head of the audit log, last
- `listing`: lists of polls; `listing_sql`: their statements; `listing_counts`: how long they are
- `watch`: what workers read to keep up; `rows`: rows of polls as values
- `accounts`: users; `sessions`: their logins
- `audit`: the audit log; `history`: the log and the acts in one list; `exports`: the ballots of a round
- `event_hosts`: who runs an event; `event_polls`: its run sheet; `event_definitions`: what makes it again; `moves`:
  what it shows; `event_checks`: whether all of it fits together
- `recount`: counters against votes; `audit_chain`: the history against its hashes
- `vacuum`: what PostgreSQL would not clean up in time by itself
"""
