"""The polls of an event: how they come into its run sheet, and in which order they are."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from nexus.domain.definition import NewPoll
from nexus.domain.event import Event
from nexus.domain.event_definition import MOST_POLLS, EventPoll, event_poll_problems
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.domain.rights import is_host, rules_of
from nexus.domain.text import Problem
from nexus.errors import EventChanged, EventNotFound, Invalid, TooManyPolls
from nexus.store import audit
from nexus.store.database import Connection, Database
from nexus.store.event_rows import EventChange, load_events
from nexus.store.events import changed_event, locked_event, tell_of_poll
from nexus.store.locks import lock_polls_of
from nexus.store.new_polls import category_problems, definition_of, insert_in_event
from nexus.store.rounds import now
from nexus.store.rows import load
from nexus.store.run_sheets import renumber


async def add(database: Database, event: int, new: EventPoll, by: Identity) -> tuple[EventChange, Poll]:
    """Add a draft to an event: the change, and the poll. Raises `Invalid`, `TooManyPolls`."""
    async with database.transaction() as connection:
        before = await locked_event(connection, event, by)
        await lock_polls_of(connection, event)
        problems = event_poll_problems(new, len(before.polls), await now(connection))
        problems += await category_problems(connection, new.category)
        source = await _source(connection, new, by, problems)
        if problems:
            raise Invalid(errors=tuple(problems))
        if len(before.polls) == MOST_POLLS:
            raise TooManyPolls
        definition = new.new() if source is None else await _copied(connection, source)
        poll = await _insert(connection, before, definition)
        moved: tuple[Poll, ...] = ()
        if new.position is not UNSET:
            order = before.order
            order.insert(new.position, poll)
            moved = await renumber(connection, event, order)
        after = await changed_event(connection, event)
        made = (await load(connection, [poll]))[poll]
        details = {} if source is None else {"copy_of": source.id}
        await tell_of_poll(connection, event, poll, made.question, by.voter, **details)
        return EventChange(after, (made, *(one for one in moved if one.id != poll))), made


async def _source(connection: Connection, new: EventPoll, by: Identity, problems: list[Problem]) -> Poll | None:
    """The poll that is to be copied, None for a new one."""
    if new.copy is UNSET:
        return None
    found = await connection.one(
        "SELECT id FROM polls WHERE id::numeric = CAST(CAST(:poll AS text) AS numeric)", poll=str(new.copy)
    )
    source = None if found is None else (await load(connection, [found["id"]])).get(found["id"])
    if source is None or not is_host(by, rules_of(source)):
        problems.append(("copy", "is not a poll that you host"))
    return source


async def _copied(connection: Connection, source: Poll) -> NewPoll:
    gone = await category_problems(connection, source.category)
    return definition_of(source, category=None if gone else source.category)


async def _insert(connection: Connection, event: Event, new: NewPoll) -> int:
    return await insert_in_event(
        connection,
        new,
        event.created_by,
        event.id,
        len(event.polls),
        is_public=event.is_public,
        allow_guests=event.allow_guests,
    )


async def reorder(database: Database, event: int, order: Sequence[int], by: Identity) -> EventChange:
    """Give the polls of an event another order. Raises `EventChanged` where these are not its polls."""
    async with database.transaction() as connection:
        before = await locked_event(connection, event, by)
        if sorted(order) != sorted(before.order):
            raise EventChanged
        await lock_polls_of(connection, event)
        moved = await renumber(connection, event, order)
        if not moved:
            return EventChange(before)
        after = await changed_event(connection, event)
        await audit.append(connection, by.voter, "reorder", "event", event, polls=[before.order, after.order])
        return EventChange(after, moved)


async def whole(database: Database, event: int) -> EventChange:
    """An event with all its polls, as after a change of their places. Raises `EventNotFound`."""
    async with database.read() as connection:
        found = (await load_events(connection, [event])).get(event)
        if found is None:
            raise EventNotFound
        return EventChange(found, tuple((await load(connection, found.order)).values()))
