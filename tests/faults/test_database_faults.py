"""PostgreSQL restarted, crashed, frozen or blocked under load: no false ack or refusal, and it recovers.

NEXUS_SOAK=n repeats each fault n times as often.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from nexus.embedded import DatabaseAddress, PrivatePostgres, postmaster
from nexus.errors import OutcomeUnknown
from nexus.store.database import Database
from tests.support.fault_crowd import Crowd, Polls, assert_book_holds, serving_crowds
from tests.support.private_server import lives, pid_of, sql
from tests.support.thorough import SLOW
from tests.support.timed_viewers import assert_kept_up, watching

SOAK = int(os.environ.get("NEXUS_SOAK") or 1)
BACK_S = 45.0
"""From the database's return to votes being acknowledged again, far less on an idle machine."""
TOLD_S = 60.0
"""No voter waits longer for any answer, whatever became of the database: `voting.BATCH_S`, and to cut the session.
That is 12 s; the machine may be busy."""
OTHERS_S = 9.0
"""The other polls of a lane, while one is locked; they would wait 3 s for its lock (`database.GUARDS`) each time."""
LOCK = "SELECT id FROM polls WHERE id = :poll FOR NO KEY UPDATE"
FREED_S = 45.0
"""A session that does nothing in its transaction is ended after 10 s (`database.GUARDS`), and its locks fall."""


class BreakablePostgres:
    """A PostgreSQL of these tests' own, to be restarted, crashed and frozen."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = PrivatePostgres(folder)
        self.address: DatabaseAddress = self._server.start()

    def restart(self) -> None:
        """What an administrator does: a fast shutdown, and a start."""
        postmaster.stop(self._folder / "postgres")
        assert not lives(self._folder)
        self._server.start()

    def crash(self) -> None:
        """A session dies, so PostgreSQL ends them all and recovers."""
        victim = sql(self.address, "SELECT min(pid) FROM pg_stat_activity WHERE application_name = 'nexus'")
        os.kill(int(victim), signal.SIGKILL)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Nothing in it moves: connections stay, and new ones are not answered."""
        pids = [int(pid) for pid in sql(self.address, "SELECT pid FROM pg_stat_activity").split()]
        stopped = [pid_of(self._folder), *pids]
        try:
            for pid in stopped:
                _signal(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in stopped:
                _signal(pid, signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        self._server.stop()


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # the session that asked for the numbers
        os.kill(pid, number)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BreakablePostgres]:
    made = BreakablePostgres(tmp_path_factory.mktemp("cluster") / "data")
    yield made
    made.stop()


@pytest.fixture
async def records(cluster: BreakablePostgres) -> AsyncIterator[Database]:
    """The cluster's database, looked into from outside."""
    database = Database(cluster.address.url, size=2)
    await database.connect()
    yield database
    await database.close()


@pytest.mark.parametrize("fault", [BreakablePostgres.restart, BreakablePostgres.crash])
async def test_votes_go_on_by_themselves(
    tmp_path: Path, cluster: BreakablePostgres, records: Database, fault: Callable[[BreakablePostgres], None]
) -> None:
    async with serving_crowds(tmp_path, cluster.address.url) as server:
        polls = await Polls.make(server)
        async with watching([server], polls.one, each=3) as viewers, Crowd([server], polls, voters=30) as crowd:
            for _ in range(SOAK):
                await crowd.more_acks(300)
                await asyncio.to_thread(fault, cluster)
                await crowd.more_acks(300, BACK_S)
            await crowd.settle(BACK_S)
            await assert_kept_up(viewers, crowd)
        await assert_book_holds(records, crowd)
        assert (await server.command("verify")).returncode == 0


@SLOW
async def test_voters_of_a_frozen_database_are_told_to_retry(
    tmp_path: Path, cluster: BreakablePostgres, records: Database
) -> None:
    async with serving_crowds(tmp_path, cluster.address.url) as server:
        async with Crowd([server], await Polls.make(server), voters=30) as crowd:
            await crowd.more_acks(300)
            with cluster.frozen():
                # A retry before the freeze is no answer to it; none is expected either.
                await crowd.until(lambda: crowd.all_told_to_retry, TOLD_S)
            await crowd.more_acks(300, BACK_S)
            await crowd.settle(BACK_S)
        await assert_book_holds(records, crowd)


@SLOW
async def test_a_frozen_session_with_a_polls_lock_delays_that_poll_alone(
    tmp_path: Path, cluster: BreakablePostgres, records: Database
) -> None:
    async with serving_crowds(tmp_path, cluster.address.url, lanes=1) as server:
        hot, other = await Polls.make(server), await Polls.make(server)
        async with Crowd([server], hot, voters=5) as stuck, Crowd([server], other, voters=5) as free:
            await asyncio.gather(stuck.more_acks(50), free.more_acks(50))
            async with records.long_transaction() as connection:
                await connection.run(LOCK, poll=hot.one)
                await stuck.until(lambda: stuck.all_told_to_retry, TOLD_S)
                held = stuck.acks
                await free.more_acks(100, OTHERS_S)
                assert stuck.acks == held, "the lock was free again before the others went on"
            await asyncio.gather(stuck.more_acks(50, BACK_S), free.more_acks(50, BACK_S))
            await asyncio.gather(stuck.settle(BACK_S), free.settle(BACK_S))
        for crowd in (stuck, free):
            await assert_book_holds(records, crowd)


@pytest.mark.skipif(SOAK == 1, reason="ten idle seconds: NEXUS_SOAK=2 runs it")
async def test_a_frozen_session_holds_its_poll_not_for_long(
    tmp_path: Path, cluster: BreakablePostgres, records: Database
) -> None:
    async with serving_crowds(tmp_path, cluster.address.url) as server:
        async with Crowd([server], await Polls.make(server), voters=5) as crowd:
            with pytest.raises(OutcomeUnknown):  # the database ends the session before it can commit
                await outlast_a_lock(records, crowd)
            await crowd.settle(BACK_S)
        await assert_book_holds(records, crowd)


async def outlast_a_lock(records: Database, crowd: Crowd) -> None:
    """Hold the lock of a poll as a worker does, and never let go, until votes in it are acknowledged again."""
    async with records.transaction() as connection:
        await connection.run(LOCK, poll=crowd.polls.one)
        await crowd.until(lambda: crowd.all_told_to_retry, TOLD_S)
        await crowd.more_acks(50, FREED_S)
