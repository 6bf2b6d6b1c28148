"""Events for tests of rooms and sockets: made, moved and read by the store, as the REST interface does."""

from nexus.domain.definition import NewOption, NewPoll
from nexus.domain.event import Event
from nexus.domain.event_definition import NewEvent
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.store import event_watch, events, watch
from nexus.store.database import Database
from nexus.store.event_rows import EventChange
from tests.support.ballots import HOST


async def make_event(database: Database, *questions: str, by: Identity = HOST, **fields: object) -> Event:
    """An event with drafts of these questions; `results` is the policy of each, the rest is the event's."""
    policy = {"results": fields.pop("results")} if "results" in fields else {}
    options = [NewOption(text) for text in ("Yes", "No", "Maybe")]
    polls = [NewPoll(question=question, options=options, **policy) for question in questions]  # type: ignore[arg-type]
    return await events.create(database, NewEvent(title="Show", polls=polls, **fields), by)  # type: ignore[arg-type]


async def newest(database: Database, event: Event) -> Event:
    """The event as the database has it."""
    return (await event_watch.events(database, [event.id]))[event.id]


async def poll_of(database: Database, event: Event, n: int) -> Poll:
    """The n-th poll of its run sheet."""
    poll = event.polls[n].id
    return (await watch.polls(database, [poll]))[poll]


async def show(database: Database, event: Event, n: int | None, *, keep_open: bool = False) -> EventChange:
    """Show the n-th poll, or nothing, as its host does: the one before is closed, the new one opened."""
    before, shown = (await newest(database, event)).shown, None if n is None else event.polls[n].id
    closes = before if before != shown and not keep_open else None
    async with database.transaction() as connection:
        await connection.run(
            "UPDATE polls SET status = 'closed', closed_at = clock_timestamp(), version = version + 1, "
            "revision = revision + 1 WHERE id = :closes AND status <> 'closed'",
            closes=closes,
        )
        await connection.run(
            "UPDATE polls SET status = 'open', version = version + 1, revision = revision + 1 "
            "WHERE id = :shown AND status = 'draft'",
            shown=shown,
        )
        await connection.run("UPDATE polls SET was_shown = true WHERE id = :shown", shown=shown)
        await connection.run(
            "UPDATE events SET shown = :shown, revision = revision + 1 WHERE id = :event", shown=shown, event=event.id
        )
    changed = [one for one in (closes, shown) if one is not None]
    states = await watch.polls(database, changed)
    return EventChange(await newest(database, event), tuple(states[one] for one in changed))
