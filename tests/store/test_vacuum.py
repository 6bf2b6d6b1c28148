"""Vacuum: what PostgreSQL would not see to by itself in time."""

from nexus.store import vacuum
from nexus.store.database import Database
from tests.support.ballots import cast_one, make_poll, rows, vote, voter
from tests.support.waiting import UNTIL_S, eventually


async def test_polls_are_marked_visible_again_after_votes(database: Database) -> None:
    poll = await make_poll(database)
    for n in range(3):
        await cast_one(database, vote(poll, voter(n), 0))
    await eventually(lambda: _vacuum_marks(database), UNTIL_S)
    (counted,) = await rows(database, "SELECT ballots FROM polls")
    assert counted == (3,)


async def _vacuum_marks(database: Database) -> bool:
    """Whether a vacuum marked the page of polls; one that meets autovacuum, or its snapshot, leaves it to the next."""
    await vacuum.vacuum_polls(database)
    return await rows(database, "SELECT relallvisible > 0 FROM pg_class WHERE relname = 'polls'") == [(True,)]
