"""The ballots of a round: read in one snapshot and passed on a few hundred at a time, however many there are."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

import msgspec

from nexus.domain.identity import Identity
from nexus.errors import PollNotFound
from nexus.store import audit
from nexus.store.database import Connection, Database, Row

PIECE = 500
"""Ballots read and encoded at once: about 2 ms, so that votes and screens get their turn in between."""


class Exported(msgspec.Struct, frozen=True):
    """A ballot as it stands, or stood when its round ended."""

    voter: str
    slot: UUID
    op: UUID
    choices: tuple[int, ...]
    cast_at: datetime


class Round(msgspec.Struct, frozen=True):
    """A round of a poll, how many ballots it has, and the texts of its options at its end."""

    poll: int
    question: str
    epoch: int
    anonymous: bool
    ballots: int
    options: dict[int, str]


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
        yield await _round(connection, poll, epoch), _pieces(connection, poll, epoch)


async def _round(connection: Connection, poll: int, epoch: int) -> Round:
    row = await connection.one(
        "SELECT p.question, p.anonymous, (SELECT count(*) FROM votes v WHERE v.poll_id = p.id AND v.epoch = :epoch) "
        "AS ballots, r.options::text AS options FROM polls p "
        "LEFT JOIN rounds r ON r.poll_id = p.id AND r.epoch = :epoch WHERE p.id = :poll",
        poll=poll,
        epoch=epoch,
    )
    if row is None:
        raise PollNotFound
    return Round(
        poll=poll,
        question=row["question"],
        epoch=epoch,
        anonymous=row["anonymous"],
        ballots=row["ballots"],
        options=await _options(connection, poll, row["options"]),
    )


class _Option(msgspec.Struct):
    id: int
    option_text: str


async def _options(connection: Connection, poll: int, kept: str | None) -> dict[int, str]:
    """The options kept when the round was reset, else the poll's own."""
    if kept is not None:
        return {one.id: one.option_text for one in msgspec.json.decode(kept, type=list[_Option])}
    rows = await connection.all(
        "SELECT id, option_text FROM options WHERE poll_id = :poll ORDER BY position", poll=poll
    )
    return {row["id"]: row["option_text"] for row in rows}


# $1 poll, $2 epoch, $3 a random text: the order of an anonymous poll differs each time, and tells nothing.
_BALLOTS = """
DECLARE ballots NO SCROLL CURSOR FOR
SELECT v.voter, v.slot, v.op, v.choices, v.cast_at FROM votes v JOIN polls p ON p.id = v.poll_id
WHERE v.poll_id = $1 AND v.epoch = $2
ORDER BY CASE WHEN p.anonymous THEN md5(concat($3::text, v.voter, v.slot)) END,
    CASE WHEN NOT p.anonymous THEN v.cast_at END, v.voter, v.slot
"""


async def _pieces(connection: Connection, poll: int, epoch: int) -> AsyncIterator[list[Exported]]:
    await connection.raw.execute(_BALLOTS, poll, epoch, secrets.token_hex(16))
    while rows := await connection.raw.fetch(f"FETCH {PIECE} FROM ballots"):
        yield [_exported(row) for row in rows]


def _exported(row: Row) -> Exported:
    return Exported(
        voter=row["voter"],
        slot=row["slot"],
        op=row["op"],
        choices=tuple(row["choices"]),
        cast_at=row["cast_at"],
    )
