"""The ballots of all polls of an event, read in one snapshot: each poll's current round, in the order of the run
sheet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec

from nexus.domain.identity import Identity
from nexus.errors import EventNotFound
from nexus.store import audit
from nexus.store.database import Connection, Database
from nexus.store.exports import Exported, Round, pieces, read_round

Ballots = Callable[[Round], AsyncIterator[list[Exported]]]
"""Reads the ballots of one of the rounds; those of the next only when these have been read to their end."""


class EventRounds(msgspec.Struct, frozen=True):
    """An event and the current round of each of its polls, all of one moment: when they were read."""

    event: int
    title: str
    read_at: datetime
    rounds: tuple[Round, ...]

    @property
    def ballots(self) -> int:
        """All ballots of the rounds."""
        return sum(round_.ballots for round_ in self.rounds)


async def note(database: Database, event: int, by: Identity, **details: object) -> None:
    """Append to the audit log that `by` exports the ballots of an event."""
    async with database.transaction() as connection:
        await audit.append(connection, by.voter, "export", "event", event, **details)


@asynccontextmanager
async def ballots(database: Database, event: int) -> AsyncIterator[tuple[EventRounds, Ballots]]:
    """The rounds of an event, and what reads their ballots.

    Holds a connection until the `with` ends. Raises `EventNotFound` where the event has been deleted.
    """
    async with database.snapshot() as connection:
        yield await _rounds(connection, event), lambda round_: pieces(connection, round_)


async def _rounds(connection: Connection, event: int) -> EventRounds:
    found = await connection.one(
        "SELECT title, clock_timestamp() AS read_at FROM events WHERE id = :event", event=event
    )
    if found is None:
        raise EventNotFound
    polls = await connection.all("SELECT id, epoch FROM polls WHERE event_id = :event ORDER BY position", event=event)
    rounds = [await read_round(connection, poll["id"], poll["epoch"]) for poll in polls]
    return EventRounds(event, found["title"], found["read_at"], tuple(rounds))
