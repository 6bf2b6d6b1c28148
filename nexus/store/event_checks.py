"""The proof of events: what every transaction keeps, and only somebody who wrote into the database can have broken."""

from __future__ import annotations

from nexus.store.database import Connection


async def check_events(connection: Connection) -> list[str]:
    """One line for each difference between events, their polls, codes and the history."""
    found: list[str] = []
    for statement in (_RULES, _PLACES, _SHOWN, _CODES, _DELETIONS):
        found += [row["line"] for row in await connection.all(statement)]
    return found


_RULES = """
SELECT 'poll ' || p.id || ' does not have the owner, is_public and allow_guests of its event ' || e.id AS line
FROM polls p JOIN events e ON e.id = p.event_id
WHERE (p.created_by, p.is_public, p.allow_guests) <> (e.created_by, e.is_public, e.allow_guests) ORDER BY p.id
"""

_PLACES = """
SELECT 'event ' || event_id || ': the places of its polls are not numbered without gaps' AS line
FROM polls WHERE event_id IS NOT NULL GROUP BY event_id HAVING max(position) <> count(*) - 1 ORDER BY event_id
"""

_SHOWN = """
SELECT 'event ' || e.id || ' shows poll ' || s.poll || ', which is not part of it' AS line
FROM events e CROSS JOIN LATERAL (VALUES (e.shown), (e.last_shown)) AS s (poll)
WHERE s.poll IS NOT NULL AND NOT EXISTS (SELECT 1 FROM polls p WHERE p.id = s.poll AND p.event_id = e.id)
GROUP BY e.id, s.poll ORDER BY e.id
"""

_CODES = """
WITH owned AS (SELECT code FROM polls WHERE code IS NOT NULL UNION ALL SELECT code FROM events)
SELECT 'code ' || code || ' belongs to ' || count(*) || ' polls and events' AS line FROM owned
GROUP BY code HAVING count(*) > 1
UNION ALL SELECT 'code ' || code || ' is not kept as taken' FROM owned o
WHERE NOT EXISTS (SELECT 1 FROM codes c WHERE c.code = o.code)
UNION ALL SELECT 'code ' || code || ' is kept as taken, and belongs to nothing' FROM codes c
WHERE NOT EXISTS (SELECT 1 FROM owned o WHERE o.code = c.code) ORDER BY 1
"""

_DELETIONS = """
SELECT 'event ' || l.target_id || ' is gone, but the audit log has no row for its deletion' AS line FROM audit_log l
WHERE l.target_type = 'event' AND l.action = 'create'
AND NOT EXISTS (SELECT 1 FROM events e WHERE e.id = CAST(l.target_id AS bigint))
AND NOT EXISTS (SELECT 1 FROM audit_log d WHERE d.target_type = 'event' AND d.target_id = l.target_id
    AND d.action = 'delete') ORDER BY l.id
"""
