"""The locks of polls and events: in one order in every transaction, so that no two wait for each other.

The order: rows of accounts; of events, by id; of polls, by id; the head of the audit log, last. Votes lock polls alone.
A poll stays in its event, so which event that is may be read before any lock.
"""

from __future__ import annotations

from collections.abc import Sequence

from nexus.store.database import Connection

_EVENTS = (
    "SELECT e.id FROM events e WHERE e.id IN (SELECT p.event_id FROM polls p WHERE p.id = ANY(:polls)) "
    "ORDER BY e.id FOR NO KEY UPDATE"
)
_POLLS = (
    "SELECT p.id FROM polls p WHERE p.id = ANY(:polls) AND (p.event_id IS NULL OR p.event_id = ANY(:events)) "
    "ORDER BY p.id FOR NO KEY UPDATE"
)
_WITH_THEIR_SHEET = (
    "SELECT p.id FROM polls p WHERE p.id = ANY(:polls) OR p.event_id = ANY(:events) ORDER BY p.id FOR NO KEY UPDATE"
)


async def lock_polls(connection: Connection, polls: Sequence[int], *, skip_locked: bool = False) -> list[int]:
    """Lock polls, after the events that they are part of; returns those that are locked now.

    With `skip_locked` those that somebody else has locked, themselves or by their event, are left out.
    """
    skip = " SKIP LOCKED" if skip_locked else ""
    events = [row["id"] for row in await connection.all(_EVENTS + skip, polls=list(polls))]
    return [row["id"] for row in await connection.all(_POLLS + skip, polls=list(polls), events=events)]


async def lock_with_run_sheet(connection: Connection, poll: int) -> None:
    """Lock a poll and, where it is part of an event, that and all polls of it."""
    events = [row["id"] for row in await connection.all(_EVENTS, polls=[poll])]
    await connection.all(_WITH_THEIR_SHEET, polls=[poll], events=events)


async def lock_event(connection: Connection, event: int) -> bool:
    """Lock an event; returns whether there is one."""
    row = await connection.one("SELECT id FROM events WHERE id = :event FOR NO KEY UPDATE", event=event)
    return row is not None


async def lock_polls_of(connection: Connection, event: int) -> list[int]:
    """Lock all polls of an event that is locked; returns them by id."""
    rows = await connection.all(
        "SELECT id FROM polls WHERE event_id = :event ORDER BY id FOR NO KEY UPDATE", event=event
    )
    return [row["id"] for row in rows]
