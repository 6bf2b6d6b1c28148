"""Version 4 of the schema, reached by a database of version 3 that has votes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from nexus.domain.ballot import Ballot, Outcome
from nexus.store import schema
from nexus.store.database import Database
from tests.support.ballots import assert_counts, cast_one, refused, rows, voter
from tests.support.postgres_server import PostgresServer, new_database

FILLED = """
INSERT INTO schema_version (version) VALUES (3);
INSERT INTO polls (code, question, created_by, status, voters, ballots, version) VALUES
    ('K7M2QP', 'Which?', 'user:1', 'open', 1, 1, 2);
INSERT INTO options (poll_id, option_text, position, votes_count) VALUES (1, 'Yes', 0, 1), (1, 'No', 1, 0);
INSERT INTO votes VALUES (1, 1, 'user:1001', '00000000-0000-0000-0000-000000000000',
    '00000000-0000-0000-0000-000000000005', '{1}', now());
INSERT INTO acts VALUES
    (1, 'user:1001', '00000000-0000-0000-0000-000000000005', 'vote', '{1}', NULL, 'recorded', 1, 2, now());
"""
ALICE, OLD, NEW = voter(1), UUID(int=5), UUID(int=6)


@pytest.fixture
def url(postgres: PostgresServer) -> Iterator[str]:
    """A database of version 3 with a vote."""
    with new_database(postgres, (Path(__file__).parent / "schema_3.sql").read_text("utf-8") + FILLED) as url:
        yield url


async def test_ballots_of_before_stand_and_their_ops_are_known(url: str) -> None:
    database = Database(url, size=2)
    await database.connect()
    assert await schema.migrate(database, lambda line: None) == 3
    again = await cast_one(database, Ballot(OLD, 1, ALICE, options=(1,)))
    assert (again.status, again.version, again.stands) == (Outcome.REPLAYED, 2, True)
    assert await refused(database, Ballot(OLD, 1, ALICE, options=(2,))) == "op_reused"
    assert (await cast_one(database, Ballot(NEW, 1, ALICE, options=(2,)))).status is Outcome.CHANGED
    assert await rows(database, "SELECT op, choices FROM votes") == [(NEW, [2])]
    await assert_counts(database)
    await database.close()
