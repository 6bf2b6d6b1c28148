"""Vacuum: what PostgreSQL would not see to by itself in time."""

from nexus.store import vacuum
from nexus.store.database import Database
from tests.support.ballots import cast_one, make_poll, rows, vote, voter


async def test_polls_are_marked_visible_again_after_votes(database: Database) -> None:
    poll = await make_poll(database)
    seen = "SELECT relallvisible > 0 FROM pg_class WHERE relname = 'polls'"
    await vacuum.vacuum_polls(database)
    assert await rows(database, seen) == [(True,)]
    for n in range(3):
        await cast_one(database, vote(poll, voter(n), 0))
    await vacuum.vacuum_polls(database)
    assert await rows(database, seen) == [(True,)]
    (counted,) = await rows(database, "SELECT ballots FROM polls")
    assert counted == (3,)
