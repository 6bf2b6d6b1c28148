"""What workers read to keep up with events: which revision they have, and who has entered their codes. Reads only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from nexus.domain.event import Event
from nexus.store.database import Database
from nexus.store.event_rows import load_events


class EventEntrant(msgspec.Struct, frozen=True):
    """Which revision an event had, and whether a voter had entered its code by then."""

    revision: int
    joined: bool


async def events(database: Database, ids: Sequence[int]) -> Mapping[int, Event]:
    """The events of `ids` that exist, each whole and at one moment."""
    async with database.read() as connection:
        return await load_events(connection, ids)


_ENTRANTS = """
    SELECT e.id, e.revision, m.voter FROM events e LEFT JOIN LATERAL (
        SELECT m.voter FROM unnest($1::bigint[], $2::text[]) AS k (event, voter)
        JOIN event_members m ON m.event_id = k.event AND m.voter = k.voter WHERE k.event = e.id
    ) m ON true WHERE e.id = ANY($1)
"""


async def event_entrants(database: Database, keys: Sequence[tuple[int, str]]) -> Mapping[tuple[int, str], EventEntrant]:
    """What those of (event, voter) pairs need who enter, in one statement; a pair whose event is gone is missing."""
    async with database.read() as connection:
        rows = await connection.raw.fetch(_ENTRANTS, [event for event, _ in keys], [voter for _, voter in keys])
    revisions = {row["id"]: row["revision"] for row in rows}
    members = {(row["id"], row["voter"]) for row in rows}
    return {key: EventEntrant(revisions[key[0]], key in members) for key in keys if key[0] in revisions}


async def event_members(database: Database, event: int, voters: Sequence[str]) -> frozenset[str]:
    """Those of `voters` who have entered the code of an event."""
    async with database.read() as connection:
        rows = await connection.all(
            "SELECT voter FROM event_members WHERE event_id = :event AND voter = ANY(:voters)",
            event=event,
            voters=list(voters),
        )
    return frozenset(row["voter"] for row in rows)
