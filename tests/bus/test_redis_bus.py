"""The Redis bus when Redis fails, freezes, forgets, refuses or is spoken to by strangers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from redis import Redis
from redis.client import PubSub

from nexus.bus import PollNews, poll_topic
from nexus.bus.redis.address import parse_address
from nexus.bus.redis.bus import RedisBus
from nexus.bus.redis.link import PubSubLink
from nexus.bus.redis.news import COUNTERS_KEPT_S, Names, encode, encode_totals
from tests.support.listening import Ear, totals_news
from tests.support.redis_server import RedisServer
from tests.support.waiting import until

HEAL_S = 30.0
"""The longest pause before a connection, the time to notice, and a slow machine."""


def _fail(*_: object) -> None:
    raise RuntimeError("a fault of our own")


def _tell(redis: Redis, *words: str) -> None:
    execute: Callable[..., object] = redis.execute_command  # redis-py leaves it without types
    execute(*words)


# What is kept


async def test_counters_are_a_hash_that_expires(bus: RedisBus, redis: Redis) -> None:
    await bus.publish(totals_news(7, 5, epoch=2))
    key = Names("nexus").counters(7)
    assert redis.hmget(key, "epoch", "version") == [b"2", b"5"]
    redis.expire(key, 60)
    await bus.publish(totals_news(7, 6, epoch=2))
    assert 60 < int(str(redis.ttl(key))) <= COUNTERS_KEPT_S


async def test_totals_that_are_not_newer_are_told_to_nobody(bus: RedisBus, redis: Redis) -> None:
    open_spy: Callable[[], PubSub] = redis.pubsub
    with open_spy() as spy:
        spy.subscribe(Names("nexus").channel(poll_topic(7)))
        assert spy.get_message(timeout=30) is not None
        for version in (5, 5, 4, 6):
            await bus.publish(totals_news(7, version))
        heard = [spy.get_message(timeout=30) for _ in range(2)]
        assert [message["data"] for message in heard if message] == [
            encode(totals_news(7, version)) for version in (5, 6)
        ]
        assert spy.get_message() is None


async def test_a_server_that_forgot_the_script_is_told_it_again(bus: RedisBus, ear: Ear, redis: Redis) -> None:
    await bus.subscribe(poll_topic(7))
    await bus.publish(totals_news(7, 1))
    redis.script_flush()
    await bus.publish(totals_news(7, 2))
    await ear.reaches(7, totals_news(7, 2).totals.place)


async def test_databases_of_one_server_do_not_hear_each_other(server: RedisServer, ear: Ear) -> None:
    buses = [RedisBus(parse_address(f"{server.url}/{number}"), worker="w") for number in (1, 2)]
    ears = [ear, Ear()]
    for bus, its_ear in zip(buses, ears, strict=True):
        await bus.start(its_ear)
        await bus.subscribe(poll_topic(7))
    await buses[1].publish(totals_news(7, 9))
    await ears[1].hears(totals_news(7, 9))
    await buses[0].publish(totals_news(7, 1))
    await ear.hears(totals_news(7, 1))
    assert ear.places(7) == [(1, 1)]
    for bus in buses:
        await bus.stop()


# Strangers and faults inside


async def test_garbage_is_logged_and_ignored(
    bus: RedisBus, ear: Ear, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await bus.subscribe(poll_topic(7))
    others_news = encode(totals_news(8, 1))
    text = b'{"type":"presence","poll":7,"worker":"\xff","online":1}'
    depth = b'{"type":"deleted","poll":7,"x":' + b"[" * 100_000
    shapes = (b"", b"\xff", b"{}", b'{"type":"totals"}', b'{"type":"new"}', others_news)
    for body in (*shapes, text, depth):
        redis.publish(Names("nexus").channel(poll_topic(7)), body)
    await bus.publish(totals_news(7, 1))
    await ear.hears(totals_news(7, 1))
    assert len(ear.news) == 1
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_what_the_channel_doubles_or_delays_is_dropped(bus: RedisBus, ear: Ear, redis: Redis) -> None:
    await bus.subscribe(poll_topic(7))
    for version in (5, 5, 4, 6):
        redis.publish(Names("nexus").channel(poll_topic(7)), encode(totals_news(7, version)))
    await ear.hears(totals_news(7, 6))
    assert ear.places(7) == [(1, 5), (1, 6)]
    await bus.unsubscribe(poll_topic(7))
    await bus.subscribe(poll_topic(7))
    redis.publish(Names("nexus").channel(poll_topic(7)), encode(totals_news(7, 3)))
    await ear.hears(totals_news(7, 3))  # for who joins again nothing is old


async def test_garbage_among_the_counters_is_left_out(bus: RedisBus, redis: Redis) -> None:
    redis.hset(Names("nexus").counters(7), mapping={"epoch": "x", "version": "y", "body": "garbage"})
    redis.hset(Names("nexus").counters(9), "body", encode_totals(totals_news(7, 1).totals))
    await bus.publish(totals_news(8, 1))
    assert await bus.newest([7, 8, 9]) == {8: totals_news(8, 1).totals}
    await bus.publish(totals_news(7, 1))
    assert await bus.newest([7]) == {7: totals_news(7, 1).totals}


async def test_a_listener_that_fails_does_not_cost_the_connection(
    bus: RedisBus, ear: Ear, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await bus.subscribe(poll_topic(7))
    with monkeypatch.context() as patch:
        patch.setattr(ear, "on_news", _fail)
        await bus.publish(totals_news(7, 1))
        await until(lambda: any(record.exc_info for record in caplog.records))
    await bus.publish(totals_news(7, 2))
    await ear.hears(totals_news(7, 2))
    assert "out of reach" not in caplog.text


async def test_a_reader_that_dies_is_logged_and_restarted(
    bus: RedisBus, ear: Ear, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await bus.subscribe(poll_topic(7))
    with monkeypatch.context() as patch:
        patch.setattr(PubSubLink, "_take", _fail)
        await bus.publish(PollNews(7, 1))
        await until(lambda: any(record.exc_info for record in caplog.records))
    await until(lambda: bus.healthy, HEAL_S)
    await bus.publish(PollNews(7, 2))
    await ear.hears(PollNews(7, 2))


async def test_what_redis_refuses_is_logged_and_nothing_else_suffers(
    bus: RedisBus, ear: Ear, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await bus.subscribe(poll_topic(7))
    redis.set(Names("nexus").counters(8), "not a hash")
    for version in range(3):
        await bus.publish(totals_news(8, version))
    await bus.publish(totals_news(7, 1))
    await ear.hears(totals_news(7, 1))
    assert len(caplog.records) == 1
    assert bus.healthy


async def test_a_channel_that_is_refused_is_asked_for_again(
    bus: RedisBus, ear: Ear, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    _tell(redis, "ACL", "SETUSER", "default", "resetchannels", "&*beat*")
    await bus.subscribe(poll_topic(7))
    assert len(caplog.records) == 1
    _tell(redis, "ACL", "SETUSER", "default", "allchannels")
    await until(lambda: redis.publish(Names("nexus").channel(poll_topic(7)), encode(PollNews(7, 1))) == 1)
    await ear.hears(PollNews(7, 1))
    assert bus.healthy
