"""What dies under load takes nothing along: the server, its PostgreSQL, the bus (docs/contract.md, "Promises").

NEXUS_SOAK=n repeats each fault n times as often.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from nexus.embedded import PrivatePostgres
from nexus.embedded.postmaster import until
from nexus.store.database import Database
from tests.support.fault_crowd import Crowd, Polls, assert_book_holds, serving_crowds
from tests.support.private_server import clear, lives, pid_of
from tests.support.promised import ALONE, NEWEST_S
from tests.support.redis_server import RedisServer, running_redis
from tests.support.served import Server
from tests.support.timed_viewers import assert_kept_up, watching

SOAK = int(os.environ.get("NEXUS_SOAK") or 1)
KILLS = 6 * SOAK
CUTS = 2 * SOAK
ACK_S = 1.0
"""Far more than nearly every ack takes, and as long as a call to a Redis that is gone."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder whose cluster is made once: each test has polls of its own in it."""
    folder = tmp_path_factory.mktemp("faults") / "data"
    yield folder
    clear(folder)


@asynccontextmanager
async def private_database(data: Path) -> AsyncIterator[Database]:
    """The database of a data folder, beside the server that uses it."""
    with PrivatePostgres(data) as address:
        database = Database(address.url, size=1)
        await database.connect()
        yield database
        await database.close()


async def assert_verified(server: Server) -> None:
    """`nexus verify` has nothing to say."""
    done = await server.command("verify")
    assert (done.returncode, done.stdout) == (0, "counts equal votes\n"), done.stdout + done.stderr


async def test_kill_nine_loses_no_acknowledged_vote_and_doubles_none(tmp_path: Path, data: Path) -> None:
    chance = random.Random(9)
    async with serving_crowds(tmp_path, None, data=data) as server, private_database(data) as database:
        async with Crowd([server], await Polls.make(server), voters=40) as crowd:
            for _ in range(KILLS):
                await crowd.more_acks(chance.randint(50, 500))
                server.kill()
                await crowd.lost()
                assert crowd.unanswered, "the kill came between two votes"
                await server.start()
                await assert_book_holds(database, crowd)
                crowd.let_in()
            await crowd.settle()
            await assert_book_holds(database, crowd)
        await assert_verified(server)


async def test_a_power_cut_loses_no_acknowledged_vote_and_doubles_none(tmp_path: Path, data: Path) -> None:
    chance = random.Random(18)
    async with serving_crowds(tmp_path, None, data=data) as server:
        async with Crowd([server], await Polls.make(server), voters=40) as crowd:
            for _ in range(CUTS):
                await crowd.more_acks(chance.randint(50, 500))
                os.kill(pid_of(data), signal.SIGKILL)
                server.kill()
                await crowd.lost()
                assert until(lambda: not lives(data), 10)
                await server.start()
                async with private_database(data) as database:
                    await assert_book_holds(database, crowd)
                crowd.let_in()
            await crowd.settle()
        await assert_verified(server)


async def test_redis_killed_and_back_empty_delays_no_ack_and_no_screen(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    with running_redis(own=True) as redis:
        first = serving_crowds(tmp_path / "first", database_url, redis.url)
        second = serving_crowds(tmp_path / "second", database_url, redis.url)
        async with first as one, second as two:
            polls = await Polls.make(one)
            watched = watching([one, two], polls.one, each=3)
            # All vote on one worker, so that the other's screens hear of it by the bus or the database alone.
            async with watched as viewers, Crowd([one], polls, voters=20, pause_s=0.1) as crowd:
                for _ in range(SOAK):
                    await crowd.more_acks(100)
                    await lose_redis(redis, crowd)
                    await asyncio.gather(one.until_ready(10), two.until_ready(10))
                await crowd.more_acks(100)
                await crowd.settle()
                await assert_kept_up(viewers, crowd)
                took = sorted(one.answered - one.asked for one in crowd.all_acts)
                assert took[len(took) * 4 // 5] < ACK_S  # most are of the time without Redis
                assert not ALONE or took[-1] < NEWEST_S
            await assert_book_holds(database, crowd)
            await assert_verified(one)


async def lose_redis(redis: RedisServer, crowd: Crowd) -> None:
    """Kill Redis, and start it empty once votes have gone on long enough for the bus to be known as lost."""
    redis.kill()
    await crowd.more_acks(300, 20)
    redis.start()
