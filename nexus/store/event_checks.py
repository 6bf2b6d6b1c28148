"""The proof of events: what every transaction keeps, and only somebody who wrote into the database can have broken; and
how it is mended, where it is clear what is right."""

from __future__ import annotations

import msgspec

from nexus.store import audit
from nexus.store.database import Connection, Database
from nexus.store.events import changed_event, rules_changed
from nexus.store.locks import lock_event, lock_polls_of
from nexus.store.recount import REPAIRER
from nexus.store.run_sheets import close_gaps

REVISIONS_LOST = 1_000_000
"""More than an event can have gained between a backup and the moment at which it is restored."""


class EventCheck(msgspec.Struct, frozen=True):
    """Where events, their polls, codes and the history differ, one line each: `mendable`, of these `events` and of
    `codes`; or `lasting`, where nothing says what would be right."""

    mendable: list[str]
    lasting: list[str]
    events: list[int]
    codes: bool


async def check_events(connection: Connection) -> EventCheck:
    """Compare events with their polls, codes and the history."""
    events = [row for statement in (_RULES, _PLACES, _SHOWN) for row in await connection.all(statement)]
    codes, shared = await connection.all(_CODES), await connection.all(_SHARED_CODES)
    deletions = await connection.all(_DELETIONS)
    return EventCheck(
        [row["line"] for row in (*events, *codes)],
        [row["line"] for row in (*shared, *deletions)],
        sorted({row["event"] for row in events}),
        bool(codes),
    )


async def mend_event(database: Database, event: int) -> None:
    """Mend an event: it says who may come into its polls and whose they are, their places are numbered anew in their
    order, and what is not its poll is not shown."""
    async with database.long_transaction() as connection:
        if not await lock_event(connection, event):
            return
        await lock_polls_of(connection, event)
        await connection.run(_SHOW_NO_OTHERS, event=event)
        await close_gaps(connection, event)
        await rules_changed(connection, event)
        after = await changed_event(connection, event)
        await audit.append(connection, REPAIRER, "repair", "event", event, revision=after.revision)


async def raise_revisions(database: Database) -> None:
    """Raise the revision of every event past those that followers may have seen, and a restored database has not."""
    async with database.long_transaction() as connection:
        await connection.run(_RAISE_REVISIONS, lost=REVISIONS_LOST)


async def mend_codes(database: Database) -> None:
    """Keep every code of a poll or an event as taken, and no other."""
    async with database.long_transaction() as connection:
        for statement in _MEND_CODES:
            await connection.run(statement)


# In the order of ids, as whoever locks several events.
_RAISE_REVISIONS = """
WITH locked AS MATERIALIZED (SELECT id FROM events ORDER BY id FOR UPDATE)
UPDATE events e SET revision = revision + :lost, updated_at = clock_timestamp() FROM locked WHERE e.id = locked.id
"""

_RULES = """
SELECT e.id AS event, 'poll ' || p.id || ' does not have the owner, is_public and allow_guests of its event ' || e.id
    AS line
FROM polls p JOIN events e ON e.id = p.event_id
WHERE (p.created_by, p.is_public, p.allow_guests) <> (e.created_by, e.is_public, e.allow_guests) ORDER BY p.id
"""

_PLACES = """
SELECT event_id AS event, 'event ' || event_id || ': the places of its polls are not numbered without gaps' AS line
FROM polls WHERE event_id IS NOT NULL GROUP BY event_id HAVING max(position) <> count(*) - 1 ORDER BY event_id
"""

_SHOWN = """
SELECT e.id AS event, 'event ' || e.id || ' shows poll ' || s.poll || ', which is not part of it' AS line
FROM events e CROSS JOIN LATERAL (VALUES (e.shown), (e.last_shown)) AS s (poll)
WHERE s.poll IS NOT NULL AND NOT EXISTS (SELECT 1 FROM polls p WHERE p.id = s.poll AND p.event_id = e.id)
GROUP BY e.id, s.poll ORDER BY e.id
"""

_SHOW_NO_OTHERS = """
UPDATE events e SET shown = (SELECT p.id FROM polls p WHERE p.id = e.shown AND p.event_id = e.id),
    last_shown = (SELECT p.id FROM polls p WHERE p.id = e.last_shown AND p.event_id = e.id) WHERE e.id = :event
"""

_OWNED = "owned AS (SELECT code FROM polls WHERE code IS NOT NULL UNION ALL SELECT code FROM events)"

_SHARED_CODES = f"""
WITH {_OWNED} SELECT 'code ' || code || ' belongs to ' || count(*) || ' polls and events' AS line FROM owned
GROUP BY code HAVING count(*) > 1 ORDER BY code
"""

_CODES = f"""
WITH {_OWNED}
SELECT DISTINCT 'code ' || code || ' is not kept as taken' AS line FROM owned o
WHERE NOT EXISTS (SELECT 1 FROM codes c WHERE c.code = o.code)
UNION ALL SELECT 'code ' || code || ' is kept as taken, and belongs to nothing' FROM codes c
WHERE NOT EXISTS (SELECT 1 FROM owned o WHERE o.code = c.code) ORDER BY 1
"""

_MEND_CODES = (
    f"WITH {_OWNED} INSERT INTO codes (code) SELECT DISTINCT code FROM owned ON CONFLICT DO NOTHING",
    f"WITH {_OWNED} DELETE FROM codes c WHERE NOT EXISTS (SELECT 1 FROM owned o WHERE o.code = c.code)",
)

_DELETIONS = """
SELECT 'event ' || l.target_id || ' is gone, but the audit log has no row for its deletion' AS line FROM audit_log l
WHERE l.target_type = 'event' AND l.action = 'create'
AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = CAST(l.target_id AS bigint))
AND NOT EXISTS (SELECT 1 FROM audit_log d WHERE d.target_type = 'event' AND d.target_id = l.target_id
    AND d.action = 'delete') ORDER BY l.id
"""
