"""Lists of events: one's own and those that one co-hosts, and for an admin all."""

from __future__ import annotations

from typing import Literal

import msgspec

from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.domain.searching import clauses
from nexus.store.database import GUARDS, Database
from nexus.store.event_rows import load_events
from nexus.store.searchable import tsquery

EventOrdering = Literal["created_at", "-created_at", "title", "-title"]

# One snapshot, as for lists of polls.
_GUARDS = f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; {GUARDS}"

_RUN = """e.id IN (
    SELECT o.id FROM events o WHERE o.created_by = $1 UNION ALL SELECT h.event_id FROM event_hosts h WHERE h.voter = $1
)"""
_WORDS = "e.words @@ (SELECT CAST(CAST($2 AS text) AS tsquery))"


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to list, and in which order."""

    search: str = ""
    ordering: EventOrdering = "-created_at"


async def list_events(
    database: Database, by: Identity, chosen: EventFilter, *, limit: int, offset: int
) -> tuple[int, list[Event]]:
    """How many events `by` runs that match, and one page of them."""
    runs = "$1::text IS NOT NULL" if by.is_admin else _RUN
    searched = _WORDS if chosen.search.strip() else "$2::text = ''"
    values = (by.voter, tsquery(clauses(chosen.search)) if chosen.search.strip() else "")
    column, direction = chosen.ordering.lstrip("-"), "DESC" if chosen.ordering.startswith("-") else "ASC"
    async with database.transaction(_GUARDS) as connection:
        count = await connection.raw.fetchval(f"SELECT count(*) FROM events e WHERE {runs} AND {searched}", *values)
        rows = await connection.raw.fetch(
            f"SELECT e.id FROM events e WHERE {runs} AND {searched} "
            f"ORDER BY e.{column} {direction}, e.id {direction} LIMIT $3 OFFSET $4",
            *values,
            limit,
            offset,
        )
        ids = [row["id"] for row in rows]
        found = await load_events(connection, ids)
    return int(str(count)), [found[event] for event in ids]
