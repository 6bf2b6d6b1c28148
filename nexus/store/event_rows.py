"""Rows of `events` as values of the domain."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nexus.domain.event import Event, SheetPoll
from nexus.domain.poll import Poll, Status
from nexus.store.database import Connection, Row


class EventChange(msgspec.Struct, frozen=True):
    """An event after a change, those of its polls that changed with it, in the order in which to tell of them, and the
    ids of those that were deleted."""

    event: Event
    polls: tuple[Poll, ...] = ()
    deleted: tuple[int, ...] = ()


class Deletion(msgspec.Struct, frozen=True):
    """The ids of polls that are gone, and of the event that is gone with them, if any."""

    polls: tuple[int, ...]
    event: int | None = None


_EVENTS = """
SELECT e.id, e.code, e.title, e.description, e.created_by, e.is_public, e.allow_guests, e.shown, e.last_shown,
    e.revision, e.created_at, e.updated_at,
    ARRAY(SELECT h.voter FROM event_hosts h WHERE h.event_id = e.id ORDER BY h.added_at, h.voter) AS hosts,
    s.ids, s.questions, s.statuses, s.shown AS were_shown
FROM events e CROSS JOIN LATERAL (
    SELECT array_agg(p.id ORDER BY p.position) AS ids, array_agg(p.question ORDER BY p.position) AS questions,
        array_agg(p.status ORDER BY p.position) AS statuses, array_agg(p.was_shown ORDER BY p.position) AS shown
    FROM polls p WHERE p.event_id = e.id
) s
"""


async def load_events(connection: Connection, events: Sequence[int]) -> dict[int, Event]:
    """The events of `events` that exist, each with its run sheet, at one moment: one statement, one snapshot."""
    rows = await connection.all(_EVENTS + "WHERE e.id = ANY(:events)", events=list(events))
    return {row["id"]: _event(row) for row in rows}


async def load_events_by_codes(connection: Connection, codes: Sequence[str]) -> dict[str, Event]:
    """The events that have one of `codes`, by their codes."""
    rows = await connection.all(_EVENTS + "WHERE e.code = ANY(:codes)", codes=list(codes))
    return {row["code"]: _event(row) for row in rows}


def _event(row: Row) -> Event:
    sheet = zip(*(row[name] or () for name in ("ids", "questions", "statuses", "were_shown")), strict=True)
    return Event(
        id=row["id"],
        code=row["code"],
        title=row["title"],
        description=row["description"],
        created_by=row["created_by"],
        hosts=tuple(row["hosts"]),
        is_public=row["is_public"],
        allow_guests=row["allow_guests"],
        polls=tuple(SheetPoll(poll, question, Status(status), shown) for poll, question, status, shown in sheet),
        shown=row["shown"],
        last_shown=row["last_shown"],
        revision=row["revision"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
