"""Run sheets: what a change of a poll means for the event that it is part of. The event is locked, and where polls
leave it or move in it, all of its polls (`locks`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import UNSET, UnsetType

from nexus.domain.event_definition import position_problems
from nexus.domain.poll import Poll
from nexus.domain.text import Problem
from nexus.store.database import Connection
from nexus.store.rows import load


async def sheet_changed(connection: Connection, events: Iterable[int | None]) -> None:
    """Count a change of what the followers of these events are sent: a question, a status, which polls there are."""
    ids = sorted({event for event in events if event is not None})
    if ids:
        await connection.run(
            "UPDATE events SET revision = revision + 1, updated_at = clock_timestamp() WHERE id = ANY(:events)",
            events=ids,
        )


async def take_out(connection: Connection, polls: Sequence[Poll]) -> None:
    """Let events no longer refer to these polls of theirs, which are about to be deleted: nothing is shown then, and
    the run sheet goes on where it would have gone on."""
    ids = [poll.id for poll in polls if poll.event is not None]
    if not ids:
        return
    await connection.run(
        """
        UPDATE events e SET shown = CASE WHEN e.shown = ANY(:polls) THEN NULL ELSE e.shown END,
            last_shown = CASE WHEN e.last_shown = ANY(:polls) THEN (
                SELECT p.id FROM polls p JOIN polls l ON l.id = e.last_shown
                WHERE p.event_id = e.id AND p.position < l.position AND NOT p.id = ANY(:polls)
                ORDER BY p.position DESC LIMIT 1
            ) ELSE e.last_shown END
        WHERE e.shown = ANY(:polls) OR e.last_shown = ANY(:polls)
        """,
        polls=ids,
    )
    await sheet_changed(connection, (poll.event for poll in polls))


async def renumber(connection: Connection, event: int, order: Sequence[int]) -> tuple[Poll, ...]:
    """Give the polls of an event the places that they have in `order`; returns those that moved."""
    rows = await connection.all(
        "UPDATE polls p SET position = t.n - 1, revision = p.revision + 1, updated_at = clock_timestamp() "
        "FROM unnest(CAST(:polls AS bigint[])) WITH ORDINALITY AS t (id, n) "
        "WHERE p.id = t.id AND p.event_id = :event AND p.position <> t.n - 1 RETURNING p.id",
        polls=list(order),
        event=event,
    )
    return tuple((await load(connection, [row["id"] for row in rows])).values())


async def misplaced(connection: Connection, poll: Poll, position: int | UnsetType) -> list[Problem]:
    """What is wrong with the place that a poll of an event is to have."""
    if position is UNSET or poll.event is None:
        return []
    row = await connection.one("SELECT count(*) AS n FROM polls WHERE event_id = :event", event=poll.event)
    return position_problems(position, int(row["n"]) - 1 if row is not None else 0)


async def make_room(connection: Connection, poll: Poll, position: object) -> None:
    """Let the other polls of its event make room for one that has a new place."""
    assert poll.event is not None and isinstance(position, int)
    rows = await connection.all(
        "SELECT id FROM polls WHERE event_id = :event AND id <> :poll ORDER BY position", event=poll.event, poll=poll.id
    )
    order = [row["id"] for row in rows]
    order.insert(position, poll.id)
    await renumber(connection, poll.event, order)


async def close_gaps(connection: Connection, event: int) -> tuple[Poll, ...]:
    """Number the polls of an event anew, after some have left it; returns those that moved."""
    rows = await connection.all("SELECT id FROM polls WHERE event_id = :event ORDER BY position", event=event)
    return await renumber(connection, event, [row["id"] for row in rows])
