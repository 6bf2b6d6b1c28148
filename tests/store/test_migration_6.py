"""Version 6 of the schema, reached by databases of earlier versions that have polls and votes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from nexus.domain.ballot import Ballot, Outcome
from nexus.domain.definition import NewOption, NewPoll
from nexus.domain.event_definition import NewEvent
from nexus.store import events, polls, schema
from nexus.store.database import Database
from tests.store.test_migration_5 import FILLED, OLD_INSERT
from tests.store.test_migrations import catalog, opened
from tests.support.ballots import ADMIN, assert_counts, cast_one, rows, voter
from tests.support.postgres_server import PostgresServer, new_database

FOLDER = Path(__file__).parent
FIVE = FILLED.replace("VALUES (4)", "VALUES (5)")
LOST = """
CREATE TABLE untouched AS SELECT relfilenode FROM pg_class WHERE relname IN ('votes', 'acts') ORDER BY relname
"""


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """A database of version 5 with polls, one of which has a vote."""
    with new_database(postgres, (FOLDER / "schema_5.sql").read_text("utf-8") + FIVE) as url:
        yield url


@pytest.fixture
async def filled(url: str) -> AsyncIterator[Database]:
    """The same, brought to version 6."""
    connection = await asyncpg.connect(url)
    await connection.execute(LOST)
    await connection.close()
    async with opened(url) as database:
        assert await schema.migrate(database, lambda line: None) == 5
        yield database


async def test_polls_keep_their_codes_and_stand_alone(filled: Database) -> None:
    found = (await polls.find_by_codes(filled, ["K7M2QP"]))["K7M2QP"]
    assert (found.event, found.position, found.hosts, found.was_shown) == (None, None, frozenset(), False)
    assert await rows(filled, "SELECT code FROM codes ORDER BY code") == [("K7M2QP",), ("M4N7QP",)]
    assert (await cast_one(filled, Ballot(UUID(int=6), 1, voter(1), options=(2,)))).status is Outcome.CHANGED
    await assert_counts(filled)


async def test_votes_and_acts_are_not_rewritten(filled: Database) -> None:
    files = "SELECT relfilenode FROM pg_class WHERE relname IN ('votes', 'acts') ORDER BY relname"
    assert await rows(filled, files) == await rows(filled, "SELECT relfilenode FROM untouched")


async def test_events_can_be_made(filled: Database) -> None:
    poll = NewPoll(question="Which?", options=[NewOption("a"), NewOption("b")])
    event = await events.create(filled, NewEvent(title="Show", polls=[poll]), ADMIN)
    assert [(one.question, one.hidden) for one in event.polls] == [("Which?", True)]


async def test_worker_of_before_makes_polls_with_codes_that_count(url: str, filled: Database) -> None:
    connection = await asyncpg.connect(url)
    number = await connection.fetchval(OLD_INSERT)
    await connection.close()
    assert await rows(filled, f"SELECT c.code, p.event_id FROM polls p JOIN codes c USING (code) WHERE id = {number}")


@pytest.fixture(params=[2, 3, 4, 5])
def both_ways(postgres: PostgresServer, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """A database of an earlier version, and an empty one."""
    before = (FOLDER / f"schema_{request.param}.sql").read_text("utf-8")
    said = f"INSERT INTO schema_version (version) VALUES ({request.param})"
    with new_database(postgres, f"{before}; {said}") as old, new_database(postgres) as new:
        yield old, new


async def test_every_version_ends_alike(both_ways: tuple[str, str]) -> None:
    async with opened(both_ways[0]) as forward, opened(both_ways[1]) as fresh:
        await schema.migrate(forward, lambda line: None)
        await schema.migrate(fresh, lambda line: None)
        assert await catalog(forward) == await catalog(fresh)


CODES = {
    "poll": "INSERT INTO polls (code, question, created_by, status) VALUES ($1, 'q', 'user:1', 'draft') RETURNING id",
    "event": "INSERT INTO events (code, title, created_by) VALUES ($1, 't', 'user:1') RETURNING id",
}


@pytest.mark.parametrize(("first", "second"), [("poll", "event"), ("event", "poll"), ("event", "event")])
async def test_a_code_belongs_to_one_poll_or_event(filled: Database, first: str, second: str) -> None:
    async with filled.transaction() as connection:
        assert await connection.raw.fetchval(CODES[first], "ABCDEF") is not None
        # As with ON CONFLICT DO NOTHING: whoever makes one tries another code.
        assert await connection.raw.fetchval(CODES[second], "ABCDEF") is None
        other = await connection.raw.fetchval(CODES[second], "FEDCBA")
        moved = await connection.raw.fetch(f"UPDATE {second}s SET code = 'ABCDEF' WHERE id = $1 RETURNING code", other)
        assert moved == []
        await connection.raw.execute(f"DELETE FROM {first}s WHERE code = 'ABCDEF'")
        moved = await connection.raw.fetch(f"UPDATE {second}s SET code = 'ABCDEF' WHERE id = $1 RETURNING code", other)
        assert [row["code"] for row in moved] == ["ABCDEF"]
    assert await rows(filled, "SELECT code FROM codes WHERE code IN ('ABCDEF', 'FEDCBA')") == [("ABCDEF",)]
