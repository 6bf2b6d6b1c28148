"""The Redis bus when Redis dies, freezes or cuts it off: bounded while it lasts, healed soon after."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable

import pytest
from redis import Redis
from redis.asyncio.connection import AbstractConnection, ConnectionPool

from nexus.bus import DeletedNews, poll_topic
from nexus.bus.redis.address import parse_address
from nexus.bus.redis.bus import RedisBus, open_bus
from nexus.bus.redis.connections import Source
from nexus.bus.redis.link import PLAIN
from nexus.bus.redis.node import COMMANDS_AT_ONCE, Node
from tests.support.listening import Ear, totals_news
from tests.support.redis_server import RedisServer
from tests.support.waiting import until

HEAL_S = 30.0
"""Far more than the longest pause before a connection and the time to notice: the machine may be busy."""
BOUNDED_S = 20.0
"""For calls that end by themselves while Redis does not answer; it is far less than they would take one by one."""


@pytest.fixture
async def other(server: RedisServer) -> AsyncIterator[RedisBus]:
    bus = RedisBus(parse_address(server.url), worker="other")
    await bus.start(Ear())
    yield bus
    await bus.stop()


@pytest.fixture
def attempts(monkeypatch: pytest.MonkeyPatch) -> list[Source]:
    """Grows with every attempt to make a connection for news."""
    made: list[Source] = []
    connection = Source.connection

    def count(source: Source) -> AbstractConnection:
        made.append(source)
        return connection(source)

    monkeypatch.setattr(Source, "connection", count)
    return made


def _tell(redis: Redis, *words: str) -> None:
    execute: Callable[..., object] = redis.execute_command  # redis-py leaves it without types
    execute(*words)


def _elapsed(since: float) -> float:
    return time.monotonic() - since


async def test_redis_killed_and_restarted_empty_serves_again(
    server: RedisServer, bus: RedisBus, other: RedisBus, ear: Ear
) -> None:
    await bus.subscribe(poll_topic(7))
    await bus.publish(totals_news(7, 1))
    server.kill()
    await until(lambda: not bus.healthy and not other.healthy)
    assert await bus.newest([7]) is None
    server.start()
    await until(lambda: bus.healthy and other.healthy, HEAL_S)
    assert await bus.newest([7]) == {}
    await other.publish(totals_news(7, 2))
    await ear.reaches(7, totals_news(7, 2).totals.place)
    assert await bus.newest([7]) == {7: totals_news(7, 2).totals}


async def test_an_outage_is_logged_when_it_begins_and_when_it_ends(
    server: RedisServer, bus: RedisBus, attempts: list[Source], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "nexus")
    server.kill()
    await until(lambda: len(attempts) >= 4)
    server.start()
    await until(lambda: bus.healthy, HEAL_S)
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


async def test_while_redis_is_down_every_call_returns_at_once(server: RedisServer, bus: RedisBus) -> None:
    server.kill()
    await until(lambda: not bus.healthy)
    async with asyncio.timeout(BOUNDED_S):
        for version in range(500):
            await bus.publish(totals_news(7, version))
            await bus.publish(DeletedNews(8))
            await bus.subscribe(poll_topic(version))
            await bus.unsubscribe(poll_topic(version))
            assert await bus.newest([7]) is None


async def test_what_was_joined_and_left_while_redis_was_down_holds_after(
    server: RedisServer, bus: RedisBus, ear: Ear
) -> None:
    await bus.subscribe(poll_topic(7))
    server.kill()
    await until(lambda: not bus.healthy)
    await bus.unsubscribe(poll_topic(7))
    await bus.subscribe(poll_topic(8))
    server.start()
    await until(lambda: bus.healthy, HEAL_S)
    await bus.publish(totals_news(7, 1))
    await bus.publish(totals_news(8, 1))
    await ear.hears(totals_news(8, 1))
    assert ear.places(7) == []


async def test_a_bus_starts_without_redis_and_finds_it_later(server: RedisServer, ear: Ear) -> None:
    server.kill()
    bus = open_bus(parse_address(server.url), "early")
    async with asyncio.timeout(BOUNDED_S):
        await bus.start(ear)
        await bus.subscribe(poll_topic(7))
    assert not bus.healthy
    server.start()
    await until(lambda: bus.healthy, HEAL_S)
    await bus.publish(totals_news(7, 1))
    await ear.hears(totals_news(7, 1))
    await bus.stop()


async def test_a_frozen_redis_is_noticed_and_healed(
    server: RedisServer, bus: RedisBus, ear: Ear, attempts: list[Source]
) -> None:
    await bus.subscribe(poll_topic(7))
    server.freeze()
    async with asyncio.timeout(BOUNDED_S):
        await asyncio.gather(bus.publish(totals_news(7, 1)), bus.subscribe(poll_topic(8)), bus.newest([7]))
    async with asyncio.timeout(BOUNDED_S):  # it is known by now: none of them waits its second
        for version in range(2, 62):
            await bus.publish(totals_news(7, version))
    await until(lambda: not bus.healthy, HEAL_S)
    attempts.clear()
    await until(lambda: bool(attempts))  # a frozen server accepts connections, and is none the better for it
    server.thaw()
    await until(lambda: bus.healthy, HEAL_S)
    for poll in (7, 8):
        await bus.publish(totals_news(poll, 99))
        await ear.reaches(poll, totals_news(poll, 99).totals.place)


async def test_who_waits_for_a_subscription_is_let_go_when_redis_dies(server: RedisServer, bus: RedisBus) -> None:
    server.freeze()
    subscribing = asyncio.create_task(bus.subscribe(poll_topic(7)))
    await asyncio.sleep(0.1)  # nothing tells that it waits
    since = time.monotonic()
    server.kill()
    await subscribing
    assert _elapsed(since) < 0.5


async def test_who_waits_for_a_turn_does_not_find_out_again_that_redis_is_lost() -> None:
    node = Node(Source("nowhere", ConnectionPool()), PLAIN, "beat", lambda channel, body: None)
    node._link.up.set()
    tried = 0

    async def fail(client: object) -> None:
        nonlocal tried
        tried += 1
        await asyncio.sleep(0)
        raise ConnectionError

    await asyncio.gather(*(node.call(fail) for _ in range(100)))
    assert tried == COMMANDS_AT_ONCE
    await node.stop()


async def test_a_bus_that_stops_lets_its_last_news_out(
    server: RedisServer, other: RedisBus, caplog: pytest.LogCaptureFixture
) -> None:
    bus = RedisBus(parse_address(server.url), worker="w")
    await bus.start(Ear())
    publishing = [asyncio.create_task(bus.publish(totals_news(poll, 1))) for poll in range(100)]
    await asyncio.sleep(0)
    await bus.stop()
    await asyncio.gather(*publishing)
    kept = await other.newest(list(range(100)))
    assert kept is not None
    assert len(kept) == 100
    assert caplog.records == []


async def test_a_bus_stops_soon_while_redis_is_frozen(server: RedisServer, ear: Ear) -> None:
    bus = RedisBus(parse_address(server.url), worker="w")
    await bus.start(ear)
    server.freeze()
    publishing = [asyncio.create_task(bus.publish(totals_news(poll, 1))) for poll in range(50)]
    await asyncio.sleep(0)
    async with asyncio.timeout(BOUNDED_S):
        await bus.stop()
    await asyncio.gather(*publishing)


async def test_a_connection_that_is_cut_is_made_again(bus: RedisBus, ear: Ear, redis: Redis) -> None:
    await bus.subscribe(poll_topic(7))
    _tell(redis, "CLIENT", "KILL", "TYPE", "pubsub")
    await until(lambda: not bus.healthy)
    await until(lambda: bus.healthy, HEAL_S)
    await bus.publish(totals_news(7, 1))
    await ear.hears(totals_news(7, 1))


async def test_a_primary_that_became_a_replica_is_left(bus: RedisBus, ear: Ear, redis: Redis) -> None:
    await bus.subscribe(poll_topic(7))
    _tell(redis, "REPLICAOF", "127.0.0.1", "1")
    await bus.publish(totals_news(7, 1))
    await until(lambda: not bus.healthy, HEAL_S)
    _tell(redis, "REPLICAOF", "NO", "ONE")
    await until(lambda: bus.healthy, HEAL_S)
    await bus.publish(totals_news(7, 2))
    await ear.hears(totals_news(7, 2))


async def test_while_redis_is_down_few_connections_are_tried(ear: Ear) -> None:
    tried = 0

    async def slam(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tried
        tried += 1
        writer.close()
        await writer.wait_closed()

    door = await asyncio.start_server(slam, "127.0.0.1", 0)
    bus = RedisBus(parse_address(f"redis://127.0.0.1:{door.sockets[0].getsockname()[1]}"), worker="w")
    since = time.monotonic()
    await bus.start(ear)
    while _elapsed(since) < 3:
        await asyncio.gather(*(bus.publish(totals_news(poll, 1)) for poll in range(50)))
        await asyncio.sleep(0.01)
    await bus.stop()
    door.close()
    await door.wait_closed()
    assert 2 <= tried <= 12
