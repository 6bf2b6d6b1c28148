"""Events for tests of rooms and sockets: made, moved and read by the store, as the REST interface does."""

from nexus.domain.definition import NewOption, NewPoll
from nexus.domain.event import Event
from nexus.domain.event_definition import NewEvent, Show
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.store import event_watch, events, moves, watch
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
    shown = None if n is None else event.polls[n].id
    return await moves.show(database, event.id, Show(poll=shown, keep_open=keep_open), HOST)
