"""The ballots of a round: read in one snapshot and passed on a hundred at a time, however many there are."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec

from nexus.domain.identity import Identity
from nexus.domain.poll import Status
from nexus.errors import PollNotFound
from nexus.store import audit
from nexus.store.database import Connection, Database, Row

PIECE = 100
"""Ballots read and encoded at once: about 0.5 ms, since a vote on its way needs many turns in between."""


class Exported(msgspec.Struct, frozen=True):
    """A ballot as it stands, or stood when its round ended."""

    voter: str
    slot: UUID
    op: UUID
    choices: tuple[int, ...]
    cast_at: datetime


class RoundOption(msgspec.Struct, frozen=True):
    """An option as it was called at the end of the round, and how many of its ballots name it."""

    id: int
    option_text: str
    votes_count: int


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """A round of a poll: its ballots and voters counted anew, and its options in their order.

    `ended_at` is when a reset ended it, None for the current round; `read_at` is the moment of this reading.
    """

    poll: int
    question: str
    epoch: int
    current: bool
    anonymous: bool
    status: Status
    max_choices: int
    created_at: datetime
    opens_at: datetime | None
    expires_at: datetime | None
    closed_at: datetime | None
    ended_at: datetime | None
    read_at: datetime
    ballots: int
    voters: int
    options: tuple[RoundOption, ...]


async def note(database: Database, poll: int, epoch: int, by: Identity, **details: object) -> None:
    """Append to the audit log that `by` exports the ballots of a round."""
    async with database.transaction() as connection:
        await audit.append(connection, by.voter, "export", "poll", poll, epoch=epoch, **details)


@asynccontextmanager
async def ballots(
    database: Database, poll: int, epoch: int
) -> AsyncIterator[tuple[Round, AsyncIterator[list[Exported]]]]:
    """The ballots of a round: in the order they were cast, those of an anonymous poll in random order.

    Holds a connection until the `with` ends. Raises `PollNotFound` where the poll has been deleted.
    """
    async with database.snapshot() as connection:
        round_ = await read_round(connection, poll, epoch)
        yield round_, pieces(connection, round_)


async def read_round(connection: Connection, poll: int, epoch: int) -> Round:
    """A round, within a snapshot. Raises `PollNotFound` where the poll has been deleted."""
    row = await connection.one(
        "SELECT p.question, p.epoch = :epoch AS current, p.anonymous, p.status, p.max_choices, p.created_at, "
        "p.opens_at, p.expires_at, p.closed_at, r.ended_at, r.options::text AS options, clock_timestamp() AS read_at "
        "FROM polls p LEFT JOIN rounds r ON r.poll_id = p.id AND r.epoch = :epoch WHERE p.id = :poll",
        poll=poll,
        epoch=epoch,
    )
    if row is None:
        raise PollNotFound
    counted = await connection.one(
        "SELECT count(*) AS ballots, count(DISTINCT voter) AS voters FROM votes "
        "WHERE poll_id = :poll AND epoch = :epoch",
        poll=poll,
        epoch=epoch,
    )
    assert counted is not None
    return Round(
        poll=poll,
        question=row["question"],
        epoch=epoch,
        current=row["current"],
        anonymous=row["anonymous"],
        status=Status(row["status"]),
        max_choices=row["max_choices"],
        created_at=row["created_at"],
        opens_at=row["opens_at"],
        expires_at=row["expires_at"],
        closed_at=row["closed_at"],
        ended_at=row["ended_at"],
        read_at=row["read_at"],
        ballots=counted["ballots"],
        voters=counted["voters"],
        options=await _options(connection, poll, epoch, row["options"]),
    )


class _Option(msgspec.Struct):
    id: int
    option_text: str


async def _options(connection: Connection, poll: int, epoch: int, kept: str | None) -> tuple[RoundOption, ...]:
    """The options kept when the round was reset, else the poll's own, each with its votes."""
    counts = await connection.all(
        "SELECT c.choice, count(*) AS votes FROM votes v CROSS JOIN LATERAL unnest(v.choices) AS c (choice) "
        "WHERE v.poll_id = :poll AND v.epoch = :epoch GROUP BY c.choice",
        poll=poll,
        epoch=epoch,
    )
    votes: dict[int, int] = {row["choice"]: row["votes"] for row in counts}
    if kept is not None:
        options = msgspec.json.decode(kept, type=list[_Option])
    else:
        rows = await connection.all(
            "SELECT id, option_text FROM options WHERE poll_id = :poll ORDER BY position", poll=poll
        )
        options = [_Option(row["id"], row["option_text"]) for row in rows]
    return tuple(RoundOption(one.id, one.option_text, votes.get(one.id, 0)) for one in options)


# $1 poll, $2 epoch, $3 a random text: the order of an anonymous poll differs each time, and tells nothing.
_BALLOTS = """
DECLARE ballots NO SCROLL CURSOR FOR
SELECT v.voter, v.slot, v.op, v.choices, v.cast_at FROM votes v JOIN polls p ON p.id = v.poll_id
WHERE v.poll_id = $1 AND v.epoch = $2
ORDER BY CASE WHEN p.anonymous THEN md5(concat($3::text, v.voter, v.slot)) END,
    CASE WHEN NOT p.anonymous THEN v.cast_at END, v.voter, v.slot
"""


async def pieces(connection: Connection, round_: Round) -> AsyncIterator[list[Exported]]:
    """The ballots of a round, within the snapshot in which it was read; those of one round at a time."""
    await connection.raw.execute(_BALLOTS, round_.poll, round_.epoch, secrets.token_hex(16))
    while rows := await connection.raw.fetch(f"FETCH {PIECE} FROM ballots"):
        yield [_exported(row) for row in rows]
    await connection.raw.execute("CLOSE ballots")


def _exported(row: Row) -> Exported:
    return Exported(
        voter=row["voter"],
        slot=row["slot"],
        op=row["op"],
        choices=tuple(row["choices"]),
        cast_at=row["cast_at"],
    )
