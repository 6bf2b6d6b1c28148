"""Moves of an event: one transaction closes the poll that was shown, opens the one that is to be shown, and moves the
event (docs/contract.md, "Moving on")."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import UNSET

from nexus.domain.event import Cue, Event
from nexus.domain.event_definition import Show, Step, step_problems
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll, Status
from nexus.errors import EventMoved, Invalid
from nexus.store import audit
from nexus.store.database import LONG_S, Connection, Database
from nexus.store.event_rows import EventChange
from nexus.store.events import changed_event, locked_event
from nexus.store.locks import lock_polls
from nexus.store.rounds import close_locked, open_locked, settle_locked
from nexus.store.rows import load


async def show(database: Database, event: int, to: Show, by: Identity) -> EventChange:
    """Show a poll of an event, or nothing. Raises `Invalid`, and `EventMoved` where something else is shown than the
    caller sees."""

    def cue(before: Event) -> Cue:
        if to.poll is not None and to.poll not in before.order:
            raise Invalid(errors=(("poll", "is not a poll of this event"),))
        return Cue(to.poll, before.last_shown if to.poll is None else to.poll)

    return await step(database, event, to, by, cue)


async def step(database: Database, event: int, how: Step, by: Identity, cue: Callable[[Event], Cue]) -> EventChange:
    """Move an event to what `cue` says. The polls of the change come in the order in which to tell of them: the final
    totals of the one before first. Raises as `show` does."""
    async with database.transaction(within_s=LONG_S) as connection:
        before = await locked_event(connection, event, by)
        if problems := step_problems(how):
            raise Invalid(errors=tuple(problems))
        to = cue(before)
        if how.sees is not UNSET and how.sees != before.shown:
            raise EventMoved
        ids = [poll for poll in (before.shown, to.shown) if poll is not None]
        await lock_polls(connection, ids)
        due = set(await settle_locked(connection, ids))
        found = await load(connection, ids)
        changed = [poll for poll in found.values() if poll.id in due]
        if before.shown is not None and before.shown != to.shown and not how.keep_open:
            changed += await _close(connection, found[before.shown], by)
        if to.shown is not None:
            changed += await _open(connection, found[to.shown], how, by)
        return await _moved(connection, before, to, tuple(changed), by)


async def _close(connection: Connection, poll: Poll, by: Identity) -> list[Poll]:
    return [await close_locked(connection, poll, by)] if poll.status is Status.OPEN else []


async def _open(connection: Connection, poll: Poll, how: Step, by: Identity) -> list[Poll]:
    seconds = None if how.seconds is UNSET else how.seconds
    opens = how.open and poll.status is Status.DRAFT
    if opens or (seconds is not None and poll.status is Status.OPEN):
        return [await open_locked(connection, poll, by, seconds)]
    if poll.status is Status.DRAFT and not poll.was_shown:
        await connection.run(
            "UPDATE polls SET was_shown = true, revision = revision + 1, updated_at = clock_timestamp() "
            "WHERE id = :poll",
            poll=poll.id,
        )
        return list((await load(connection, [poll.id])).values())
    return []


async def _moved(connection: Connection, before: Event, to: Cue, polls: tuple[Poll, ...], by: Identity) -> EventChange:
    cue = Cue(before.shown, before.last_shown)
    if to == cue and not polls:
        return EventChange(before)
    await connection.run(
        "UPDATE events SET shown = :shown, last_shown = :last WHERE id = :event",
        shown=to.shown,
        last=to.last_shown,
        event=before.id,
    )
    after = await changed_event(connection, before.id)
    if to.shown != before.shown:
        shown = [before.shown, to.shown]
        await audit.append(connection, by.voter, "show", "event", before.id, shown=shown, revision=after.revision)
    return EventChange(after, polls)
