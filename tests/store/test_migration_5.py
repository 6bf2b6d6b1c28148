"""Version 5 of the schema, reached by a database of version 4 that has polls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from nexus.domain.ballot import Ballot, Outcome
from nexus.domain.definition import PollPatch
from nexus.domain.poll import Chart, OptionOrder
from nexus.store import polls, rounds, schema
from nexus.store.database import Database
from tests.support.ballots import ADMIN, assert_counts, cast_one, rows, voter
from tests.support.postgres_server import PostgresServer, new_database

FILLED = """
INSERT INTO schema_version (version) VALUES (4);
INSERT INTO polls (code, question, created_by, status, voters, ballots, version) VALUES
    ('K7M2QP', 'Which?', 'user:1', 'open', 1, 1, 2), ('M4N7QP', 'When?', 'user:2', 'draft', 0, 0, 1);
INSERT INTO options (poll_id, option_text, position, votes_count) VALUES
    (1, 'Yes', 0, 1), (1, 'No', 1, 0), (2, 'Now', 0, 0), (2, 'Later', 1, 0);
INSERT INTO votes VALUES (1, 1, 'user:1001', '00000000-0000-0000-0000-000000000000',
    '00000000-0000-0000-0000-000000000005', '{1}', now());
INSERT INTO acts VALUES
    (1, 'user:1001', '00000000-0000-0000-0000-000000000005', 'vote', '{1}', NULL, 'recorded', 1, 2, now());
"""
OLD_INSERT = """
INSERT INTO polls (code, question, description, category_id, created_by, is_public, status, opens_at, expires_at,
    max_choices, votes_per_user, allow_change, allow_guests, anonymous, results, words)
VALUES ('P2Q7KM', 'Old?', '', NULL, 'user:1', true, 'open', NULL, NULL, 1, 1, true, true, true, 'live', '') RETURNING id
"""
"""How version 4 creates a poll."""


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """A database of version 4 with polls, one of which has a vote."""
    with new_database(postgres, (Path(__file__).parent / "schema_4.sql").read_text("utf-8") + FILLED) as url:
        yield url


@pytest.fixture
async def filled(url: str) -> AsyncIterator[Database]:
    """The same, brought to version 5."""
    database = Database(url, size=2)
    await database.connect()
    assert await schema.migrate(database, lambda line: None) == 4
    yield database
    await database.close()


async def test_polls_of_before_are_drawn_as_they_were_and_can_be_drawn_otherwise(filled: Database) -> None:
    found = (await polls.find_by_codes(filled, ["K7M2QP"]))["K7M2QP"]
    assert (found.chart, found.option_order, found.language) == (Chart.BARS, OptionOrder.POSITION, None)
    assert (found.ballots, found.version) == (1, 2)
    change = PollPatch(chart=Chart.DONUT, option_order=OptionOrder.VOTES, language="PT-br")
    after = await polls.patch(filled, 1, change, ADMIN)
    assert (after.chart, after.option_order, after.language) == (Chart.DONUT, OptionOrder.VOTES, "pt-BR")
    assert (after.version, after.revision) == (2, found.revision + 1)


async def test_votes_stand_and_drafts_open(filled: Database) -> None:
    assert (await cast_one(filled, Ballot(UUID(int=6), 1, voter(1), options=(2,)))).status is Outcome.CHANGED
    await rounds.open_poll(filled, 2, ADMIN)
    assert (await cast_one(filled, Ballot(UUID(int=7), 2, voter(1), options=(3,)))).status is Outcome.RECORDED
    await assert_counts(filled)


async def test_worker_of_before_goes_on(url: str, filled: Database) -> None:
    connection = await asyncpg.connect(url)
    number = await connection.fetchval(OLD_INSERT)
    await connection.close()
    assert await rows(filled, f"SELECT chart, option_order, language FROM polls WHERE id = {number}") == [
        ("bars", "position", None)
    ]
