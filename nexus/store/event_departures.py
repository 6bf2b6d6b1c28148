"""What becomes of the events of an account that is deleted: handed over to its heir or deleted with their polls, one
event a transaction; and of those that it co-hosted, which go on without it."""

from __future__ import annotations

from collections.abc import Sequence

from nexus.domain.poll import Poll
from nexus.store import audit, polls
from nexus.store.database import Connection
from nexus.store.event_rows import Deletion, EventChange, load_events
from nexus.store.events import changed_event, rules_changed
from nexus.store.locks import lock_event, lock_polls_of
from nexus.store.rows import load
from nexus.store.run_sheets import close_gaps

DELETED_AT_ONCE = 20
"""Polls deleted in one transaction, where they have few ballots."""

BALLOTS_AT_ONCE = 10_000
"""Ballots deleted in one transaction, unless one poll alone has more."""


def deleted_at_once(found: Sequence[Poll]) -> list[Poll]:
    """Those of the polls found, the first of them, that are deleted in one transaction."""
    chosen, ballots = list[Poll](), 0
    for poll in found[:DELETED_AT_ONCE]:
        ballots += poll.ballots
        if chosen and ballots > BALLOTS_AT_ONCE:
            break
        chosen.append(poll)
    return chosen


async def settle_one(connection: Connection, subject: str, heir: int | None, by: str) -> EventChange | Deletion | None:
    """Settle one event of `subject`, or some polls of it; None where there is none any more."""
    owned = await connection.one(
        "SELECT id FROM events WHERE created_by = :subject ORDER BY id LIMIT 1", subject=subject
    )
    if owned is None:
        return await _leave_one(connection, subject, by)
    event = int(owned["id"])
    await lock_event(connection, event)
    if heir is None:
        return await _delete_some(connection, event, by)
    before = (await load_events(connection, [event]))[event]
    change = await hand_over(connection, event, f"user:{heir}")
    await audit.append(connection, by, "update", "event", event, created_by=[before.created_by, f"user:{heir}"])
    return change


async def hand_over(connection: Connection, event: int, to: str) -> EventChange:
    """Give an event that is locked, and its polls, to another owner."""
    await connection.run("DELETE FROM event_hosts WHERE event_id = :event AND voter = :to", event=event, to=to)
    await connection.run("UPDATE events SET created_by = :to WHERE id = :event", event=event, to=to)
    moved = await rules_changed(connection, event)
    return EventChange(await changed_event(connection, event), moved)


async def _leave_one(connection: Connection, subject: str, by: str) -> EventChange | Deletion | None:
    hosted = await connection.one(
        "SELECT event_id FROM event_hosts WHERE voter = :subject ORDER BY event_id LIMIT 1", subject=subject
    )
    if hosted is None:
        return None
    event = int(hosted["event_id"])
    await lock_event(connection, event)
    await connection.run(
        "DELETE FROM event_hosts WHERE event_id = :event AND voter = :subject", event=event, subject=subject
    )
    moved = await rules_changed(connection, event)
    after = await changed_event(connection, event)
    await audit.append(connection, by, "remove_host", "event", event, host=subject)
    return EventChange(after, moved)


async def _delete_some(connection: Connection, event: int, by: str) -> EventChange | Deletion:
    found = list((await load(connection, await lock_polls_of(connection, event))).values())
    chosen = deleted_at_once(found)
    await polls.erase(connection, chosen, by)
    gone = tuple(poll.id for poll in chosen)
    before = (await load_events(connection, [event]))[event]
    if len(chosen) < len(found):
        return EventChange(before, await close_gaps(connection, event), gone)
    await connection.run("DELETE FROM events WHERE id = :event", event=event)
    await audit.append(connection, by, "delete", "event", event, title=before.title)
    return Deletion(gone, event)
