"""Definitions of events as they are exported, and copies made of them."""

from __future__ import annotations

from nexus.domain.event_definition import NewEvent
from nexus.domain.identity import Identity
from nexus.domain.rights import event_rules, may_know, require_host, require_maker
from nexus.errors import EventNotFound
from nexus.store.database import Connection, Database
from nexus.store.event_rows import EventChange, load_events
from nexus.store.events import insert, is_member_in
from nexus.store.new_polls import definition_of, missing_categories
from nexus.store.rows import load


async def definition(database: Database, event: int, by: Identity) -> NewEvent:
    """The definition of an event, for its hosts: what makes it again. Raises `EventNotFound`, `Forbidden`."""
    async with database.snapshot() as connection:
        return await _definition(connection, event, by)


async def copy(database: Database, event: int, by: Identity) -> EventChange:
    """A new event of `by` with the definition of another: all its polls are drafts without votes. Raises as
    `definition` does."""
    async with database.transaction() as connection:
        new = await _definition(connection, event, by)
        require_maker(by)
        gone = await missing_categories(connection, (poll.category for poll in new.polls))
        for poll in new.polls:
            poll.category = None if poll.category in gone else poll.category
        return EventChange(await insert(connection, new, by, copy_of=event))


async def _definition(connection: Connection, event: int, by: Identity) -> NewEvent:
    found = (await load_events(connection, [event])).get(event)
    if found is None:
        raise EventNotFound
    rules = event_rules(found)
    if not may_know(by, rules, joined=await is_member_in(connection, event, by.voter)):
        raise EventNotFound
    require_host(by, rules)
    polls = await load(connection, found.order)
    return NewEvent(
        title=found.title,
        description=found.description,
        is_public=found.is_public,
        allow_guests=found.allow_guests,
        polls=[
            definition_of(polls[poll], category=polls[poll].category, alone=False)
            for poll in found.order
            if poll in polls
        ],
    )
