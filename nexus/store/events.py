"""Events as their hosts create, change and delete them; always under the event's lock (`locks`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from nexus.domain.codes import PRIVATE_CODE_LENGTH, normalize_code
from nexus.domain.event import Event
from nexus.domain.event_definition import EventPatch, NewEvent, event_patch_problems, new_event_problems
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.domain.rights import event_rules, may_know, require_host, require_owner
from nexus.errors import EventNotFound, Invalid
from nexus.store import audit, polls
from nexus.store.accounts import refuse_deleted
from nexus.store.database import Connection, Database
from nexus.store.event_rows import Deletion, EventChange, load_events, load_events_by_codes
from nexus.store.locks import lock_event, lock_polls_of
from nexus.store.new_polls import code_length, insert_in_event, missing_categories, with_code
from nexus.store.rounds import now
from nexus.store.rows import load
from nexus.store.searchable import WORDS, words_of


async def read(database: Database, event: int) -> Event | None:
    """An event; None where there is none."""
    async with database.read() as connection:
        return (await load_events(connection, [event])).get(event)


async def is_member(database: Database, event: int, voter: str) -> bool:
    """Whether a voter has entered the code of an event."""
    async with database.read() as connection:
        return await is_member_in(connection, event, voter)


async def is_member_in(connection: Connection, event: int, voter: str) -> bool:
    """`is_member`, within a transaction."""
    row = await connection.one(
        "SELECT 1 FROM event_members WHERE event_id = :event AND voter = :voter", event=event, voter=voter
    )
    return row is not None


async def create(database: Database, new: NewEvent, by: Identity) -> Event:
    """Create an event and its polls in one transaction. Raises `Invalid` with every broken rule, of the polls too."""
    async with database.transaction() as connection:
        # 20,000 options take a while: meanwhile everything else has its turn.
        problems = await asyncio.to_thread(new_event_problems, new, await now(connection))
        missing = await missing_categories(connection, (poll.category for poll in new.polls))
        problems += [
            (f"polls[{n}].category", "There is no such category.")
            for n, poll in enumerate(new.polls)
            if poll.category in missing
        ]
        if problems:
            raise Invalid(errors=tuple(problems))
        return await insert(connection, new, by)


async def insert(connection: Connection, new: NewEvent, by: Identity, **details: object) -> Event:
    """A new event of `by`, whose definition breaks no rule; `details` are for the history."""
    if by.user_id is not None:
        await refuse_deleted(connection, by.user_id)
    row = await with_code(
        code_length(is_public=new.is_public),
        lambda code: connection.one(
            "INSERT INTO events (code, title, description, created_by, is_public, allow_guests, words) VALUES "
            f"(:code, :title, :description, :created_by, :is_public, :allow_guests, {WORDS}) RETURNING id",
            code=code,
            title=new.title.strip(),
            description=new.description.strip(),
            created_by=by.voter,
            is_public=new.is_public,
            allow_guests=new.allow_guests,
            words=words_of(code, new.title, new.description, ()),
        ),
    )
    event = int(row["id"])
    for position, poll in enumerate(new.polls):
        await insert_in_event(
            connection, poll, by.voter, event, position, is_public=new.is_public, allow_guests=new.allow_guests
        )
    created = (await load_events(connection, [event]))[event]
    await audit.append(connection, by.voter, "create", "event", event, title=created.title, **details)
    for one in created.polls:
        await tell_of_poll(connection, event, one.id, one.question, by.voter)
    return created


async def tell_of_poll(
    connection: Connection, event: int, poll: int, question: str, by: str, **details: object
) -> None:
    """Append to the history that a poll was created in an event."""
    await audit.append(
        connection, by, "create", "poll", poll, event=event, question=question, status="draft", **details
    )


async def locked_event(connection: Connection, event: int, by: Identity) -> Event:
    """Lock an event and read it, for its hosts. Raises `EventNotFound` or `Forbidden` for anybody else."""
    found = (await load_events(connection, [event])).get(event) if await lock_event(connection, event) else None
    if found is None:
        raise EventNotFound
    rules = event_rules(found)
    if not may_know(by, rules, joined=await is_member_in(connection, event, by.voter)):
        raise EventNotFound
    require_host(by, rules)
    return found


async def locked_event_for_owner(connection: Connection, event: int, by: Identity) -> Event:
    """`locked_event`, for its owner or an admin."""
    found = await locked_event(connection, event, by)
    require_owner(by, event_rules(found))
    return found


async def patch(database: Database, event: int, change: EventPatch, by: Identity) -> EventChange:
    """Change what `change` names. Who may come in is said of all polls at once. Raises `Invalid`."""
    async with database.transaction() as connection:
        before = await locked_event(connection, event, by)
        if problems := event_patch_problems(change):
            raise Invalid(errors=tuple(problems))
        changed = {name: value for name, value in change.named().items() if value != getattr(before, name)}
        if not changed:
            return EventChange(before)
        sets = ", ".join(f"{name} = :{name}" for name in changed)
        await connection.run(f"UPDATE events SET {sets} WHERE id = :event", event=event, **changed)
        if changed.get("is_public") is False and len(before.code) < PRIVATE_CODE_LENGTH:
            await _recode(connection, event)
        moved = await rules_changed(connection, event) if changed.keys() & {"is_public", "allow_guests"} else ()
        after = await changed_event(connection, event)
        await _keep_words(connection, after)
        details = {name: [getattr(before, name), getattr(after, name)] for name in changed}
        await audit.append(connection, by.voter, "update", "event", event, **details)
        return EventChange(after, moved)


async def changed_event(connection: Connection, event: int) -> Event:
    """Count a change of what the followers of an event are sent; returns the event."""
    await connection.run(
        "UPDATE events SET revision = revision + 1, updated_at = clock_timestamp() WHERE id = :event", event=event
    )
    return (await load_events(connection, [event]))[event]


async def rules_changed(connection: Connection, event: int) -> tuple[Poll, ...]:
    """Give all polls of an event what it says of who may come in and whose it is. They count as changed: that is part
    of every copy of them."""
    found = await lock_polls_of(connection, event)
    await connection.run(
        "UPDATE polls p SET created_by = e.created_by, is_public = e.is_public, allow_guests = e.allow_guests, "
        "revision = p.revision + 1, updated_at = clock_timestamp() FROM events e "
        "WHERE e.id = :event AND p.event_id = e.id",
        event=event,
    )
    return tuple((await load(connection, found)).values())


async def _recode(connection: Connection, event: int) -> None:
    """An event that becomes private gets a long code: everyone could see the short one."""
    await with_code(
        PRIVATE_CODE_LENGTH,
        lambda code: connection.one(
            "UPDATE events SET code = :code WHERE id = :event RETURNING code", event=event, code=code
        ),
    )


async def _keep_words(connection: Connection, event: Event) -> None:
    words = words_of(event.code, event.title, event.description, ())
    await connection.run(f"UPDATE events SET words = {WORDS} WHERE id = :event", event=event.id, words=words)


async def delete(database: Database, event: int, by: Identity) -> Deletion:
    """Delete an event with its polls, their ballots and ledgers; the audit log still has their history."""
    async with database.long_transaction() as connection:
        before = await locked_event_for_owner(connection, event, by)
        found = await load(connection, await lock_polls_of(connection, event))
        await connection.run("UPDATE events SET shown = NULL, last_shown = NULL WHERE id = :event", event=event)
        await polls.erase(connection, list(found.values()), by.voter)
        await connection.run("DELETE FROM events WHERE id = :event", event=event)
        await audit.append(connection, by.voter, "delete", "event", event, title=before.title, polls=len(found))
        return Deletion(tuple(found), event)


async def find_by_codes(database: Database, codes: Sequence[str]) -> dict[str, Event]:
    """The events of `codes`, each under the code that was asked for, whatever its case and spacing; one without an
    event is missing."""
    meant = {code: normalize_code(code) for code in codes}
    async with database.read() as connection:
        found = await load_events_by_codes(connection, list(set(meant.values())))
    return {code: found[canonical] for code, canonical in meant.items() if canonical in found}


async def join(database: Database, members: Sequence[tuple[int, str]]) -> None:
    """From now on each event of the (event, voter) pairs exists for its voter, private or not; events that are gone are
    skipped."""
    async with database.transaction() as connection:
        await connection.run(
            "INSERT INTO event_members (event_id, voter) "
            "SELECT e.id, m.voter FROM unnest(CAST(:events AS bigint[]), CAST(:voters AS text[])) AS m (event, voter) "
            "JOIN events e ON e.id = m.event ORDER BY e.id, m.voter ON CONFLICT DO NOTHING",
            events=[event for event, _ in members],
            voters=[voter for _, voter in members],
        )
