"""Voters, polls and ballots for tests, and the proof that counts equal the votes."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from nexus.domain.ballot import Act, Ballot, Receipt
from nexus.domain.definition import NewOption, NewPoll
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll
from nexus.errors import NexusError
from nexus.store import polls, voting
from nexus.store.database import Database
from nexus.store.rows import load
from nexus.store.searchable import words_of

HOST = Identity("user:1", frozenset({"user"}), None, 4e9)
ADMIN = Identity("user:2", frozenset({"user", "admin"}), None, 4e9)
LOCK_WAITS = """
SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN (
    SELECT pid FROM pg_locks WHERE database = (SELECT oid FROM pg_database WHERE datname = current_database()))
"""
"""A row for each lock that somebody in this database waits for; others use the same server."""


def voter(n: int) -> Identity:
    """The n-th voter, not a host."""
    return Identity(f"user:{1000 + n}", frozenset({"user"}), None, 4e9)


def guest(poll: int, n: int = 0) -> Identity:
    """A guest of one poll."""
    return Identity(f"guest:{UUID(int=n)}", frozenset({"guest"}), frozenset({poll}), 4e9)


async def make_poll(database: Database, *texts: str, by: Identity = HOST, **fields: object) -> Poll:
    """A poll with options `texts`, open unless `fields` say otherwise.

    Its times may be near: they are moved there once it is made, since a slow machine may find them past already.
    """
    options = [NewOption(text) for text in texts or ("Yes", "No", "Maybe")]
    times = {name: fields.pop(name) for name in ("opens_at", "expires_at") if name in fields}
    far = {name: datetime.now(UTC) + timedelta(days=1 + n) for n, name in enumerate(times)}
    new = NewPoll(question="Which?", options=options, **far, **fields)  # type: ignore[arg-type]
    poll = await polls.create(database, new, by)
    if not times:
        return poll
    sets = ", ".join(f"{name} = :{name}" for name in times)
    async with database.read() as connection:
        await connection.run(f"UPDATE polls SET {sets} WHERE id = :id", id=poll.id, **times)
        return (await load(connection, [poll.id]))[poll.id]


def vote(poll: Poll, by: Identity, *options: int, op: UUID | None = None, epoch: int | None = None) -> Ballot:
    """A ballot for options by their number in the poll."""
    ids = tuple(poll.options[n].id for n in options)
    return Ballot(op or uuid4(), poll.id, by, options=ids, epoch=epoch)


def retract(poll: Poll, by: Identity, op: UUID | None = None, ballot: UUID | None = None) -> Ballot:
    """A retraction."""
    return Ballot(op or uuid4(), poll.id, by, act=Act.RETRACT, ballot=ballot)


async def cast(database: Database, *ballots: Ballot) -> list[Receipt | str]:
    """Record ballots in one batch: receipts, and the codes of refusals."""
    recorded = await voting.record(database, ballots)
    return [one.error_code if isinstance(one, NexusError) else one for one in recorded.answers]


async def cast_one(database: Database, ballot: Ballot) -> Receipt:
    """Record a ballot that must not be refused."""
    (answer,) = await cast(database, ballot)
    assert isinstance(answer, Receipt), answer
    return answer


async def refused(database: Database, ballot: Ballot) -> str:
    """Record a ballot that must be refused; its code."""
    (answer,) = await cast(database, ballot)
    assert isinstance(answer, str), answer
    return answer


async def rows(database: Database, sql: str, **values: object) -> Sequence[tuple[object, ...]]:
    """Plain tuples of a query."""
    async with database.read() as connection:
        return [tuple(row.values()) for row in await connection.all(sql, **values)]


async def assert_counts(database: Database) -> None:
    """Every poll's counts equal a recount of its standing votes (docs/contract.md, "Promises")."""
    async with database.read() as connection:
        found = await connection.all("SELECT id, epoch, voters, ballots FROM polls")
        for poll in found:
            votes = await connection.all(
                "SELECT voter, choices FROM votes WHERE poll_id = :poll AND epoch = :epoch",
                poll=poll["id"],
                epoch=poll["epoch"],
            )
            counted = await connection.all("SELECT id, votes_count FROM options WHERE poll_id = :poll", poll=poll["id"])
            recount = tally(tuple(one["choices"]) for one in votes)
            assert {row["id"]: row["votes_count"] for row in counted} == {
                row["id"]: recount.get(row["id"], 0) for row in counted
            }
            assert set(recount) <= {row["id"] for row in counted}
            assert poll["ballots"] == len(votes)
            assert poll["voters"] == len({one["voter"] for one in votes})


def tally(ballots: Iterable[tuple[int, ...]]) -> dict[int, int]:
    """How many ballots name each option."""
    counts: dict[int, int] = {}
    for options in ballots:
        for option in options:
            counts[option] = counts.get(option, 0) + 1
    return counts


async def unsearchable(database: Database) -> list[int]:
    """The polls whose column of words is not what their texts and code make of it."""
    bad = []
    async with database.read() as connection:
        ids = [int(row["id"]) for row in await connection.all("SELECT id FROM polls")]
        for poll in (await load(connection, ids)).values():
            words = words_of(poll.code, poll.question, poll.description, (one.option_text for one in poll.options))
            kept = "SELECT words = CAST(CAST(:words AS text) AS tsvector) AS same FROM polls WHERE id = :poll"
            row = await connection.one(kept, words=words, poll=poll.id)
            bad += [] if row and row["same"] else [poll.id]
    return bad
