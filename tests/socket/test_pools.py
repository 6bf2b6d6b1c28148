"""Votes beside everything else that wants the database: their connections are their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from nexus.errors import Unavailable
from nexus.settings import Settings
from nexus.store.database import Database
from nexus.store.pools import Pools
from nexus.voting.ballot_box import SIDINGS
from tests.runtime.test_metrics import figures
from tests.support.ballots import make_poll, voter
from tests.support.sockets import SocketServer, open_socket_server
from tests.support.waiting import soon, until


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url, NEXUS_DB_CONNECTIONS="2") as opened:
        yield opened


async def hold(pool: Database, held: AsyncExitStack) -> None:
    """Hold every connection of a pool."""
    for _ in range(pool.size):
        connection = await held.enter_async_context(pool.read())
        await connection.one("SELECT 1 AS one")


async def test_a_vote_is_acked_while_requests_hold_all_their_connections(ws: SocketServer) -> None:
    poll = await make_poll(ws.database)
    async with AsyncExitStack() as held:
        await hold(ws.worker.pools.requests, held)
        async with ws.client(voter(1)) as client:
            await soon(client.join(poll))  # rooms are entered on connections of their own, too
            await hold(ws.worker.pools.rooms, held)
            assert (await soon(client.vote(poll, 1)))["status"] == "recorded"


async def test_metrics_tell_how_full_each_pool_is(ws: SocketServer) -> None:
    pool = ws.worker.pools.requests
    async with AsyncExitStack() as held:
        await hold(pool, held)
        late = asyncio.create_task(held.enter_async_context(pool.read()))
        name = 'nexus_db_connections_{}{{pool="requests"}}'

        def told() -> bool:
            found = figures(ws.worker.metrics.text().decode())
            return (found.get(name.format("used")), found.get(name.format("pending"))) == (1, 1)

        await until(told)
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
    assert (pool.used, pool.waiting) == (0, 0)


async def test_only_so_many_wait_for_a_connection(database_url: str) -> None:
    pool = Database(database_url, size=1, queue=1)
    await pool.connect()
    async with AsyncExitStack() as held:
        await hold(pool, held)
        late = asyncio.create_task(held.enter_async_context(pool.read()))
        await until(lambda: pool.waiting == 1)
        with pytest.raises(Unavailable, match="Too many requests"):
            await pool.read().__aenter__()
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
    async with pool.read() as connection:
        assert await connection.one("SELECT 1 AS one")
    await pool.close()


@pytest.mark.parametrize(("connections", "shares"), [("2", (1, 1)), ("10", (2, 8)), ("1000", (250, 750))])
def test_a_worker_has_as_many_connections_as_the_settings_say(connections: str, shares: tuple[int, int]) -> None:
    settings = Settings.load({"NEXUS_DB_CONNECTIONS": connections})
    pools = Pools("postgresql://nobody@127.0.0.1:1/nothing", votes=settings.lanes + SIDINGS, others=int(connections))
    assert (pools.votes.size, pools.rooms.size, pools.requests.size) == (6, *shares)
