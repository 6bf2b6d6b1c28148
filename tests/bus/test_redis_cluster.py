"""The Redis bus on several servers: slots that move, primaries that die."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from redis import Redis

from nexus.bus import poll_topic
from nexus.bus.redis.address import NodeAddress, parse_address
from nexus.bus.redis.bus import RedisBus
from nexus.bus.redis.cluster import ClusterNodes, read_slots
from nexus.bus.redis.news import Names
from tests.support.listening import Ear, totals_news
from tests.support.redis_cluster import RedisCluster
from tests.support.redis_server import RedisServer, free_port, need_redis
from tests.support.waiting import until

HEAL_S = 45.0
POLLS = range(1, 31)


@pytest.fixture
def cluster() -> Iterator[RedisCluster]:
    need_redis((7, 0))
    cluster = RedisCluster().start()
    yield cluster
    cluster.stop()


@pytest.fixture
async def pair(cluster: RedisCluster, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[RedisBus, RedisBus, Ear]]:
    """A worker that tells, one that listens to all polls, and what it hears."""
    monkeypatch.setattr("nexus.bus.redis.cluster.ASK_EVERY_S", 60.0)  # what moves is to be noticed, not found
    ear = Ear()
    teller, bus = (RedisBus(parse_address(cluster.url), worker=name) for name in ("teller", "hearer"))
    await teller.start(Ear())
    await bus.start(ear)
    for poll in POLLS:
        await bus.subscribe(poll_topic(poll))
    yield teller, bus, ear
    await teller.stop()
    await bus.stop()


async def _tell_until_heard(teller: RedisBus, ear: Ear, poll: int, version: int) -> None:
    """Totals may be dropped while slots or servers change; what counts is that some version comes soon."""
    for attempt in range(int(HEAL_S / 0.1)):
        await teller.publish(totals_news(poll, version + attempt))
        try:
            await ear.until(lambda: any(place.version >= version for place in ear.places(poll)), 0.1)
        except AssertionError:
            continue
        return
    raise AssertionError(f"poll {poll} was not heard again within {HEAL_S} s")


async def test_a_slot_that_moves_takes_its_polls_along(
    cluster: RedisCluster, pair: tuple[RedisBus, RedisBus, Ear]
) -> None:
    teller, bus, ear = pair
    await teller.publish(totals_news(7, 1))
    await ear.hears(totals_news(7, 1))
    key = Names("nexus").counters(7)
    home = cluster.owner(key)
    cluster.move_slot(key, next(server for server in cluster.servers if server is not home))
    await _tell_until_heard(teller, ear, 7, 2)
    kept = await bus.newest([7])
    assert kept is not None
    assert kept[7].place == ear.places(7)[-1]
    assert bus.healthy
    assert teller.healthy


async def test_the_slot_of_a_beat_may_move_too(cluster: RedisCluster, pair: tuple[RedisBus, RedisBus, Ear]) -> None:
    _, bus, _ = pair
    servers = bus._servers
    assert isinstance(servers, ClusterNodes)
    beat, *_ = (node.beat for node in servers._nodes.values())
    home = cluster.owner(beat)
    cluster.move_slot(beat, next(server for server in cluster.servers if server is not home))
    await until(lambda: beat not in [node.beat for node in servers._nodes.values()], HEAL_S)
    await until(lambda: bus.healthy, HEAL_S)


async def test_a_dead_primary_costs_its_own_polls_alone(
    cluster: RedisCluster, pair: tuple[RedisBus, RedisBus, Ear]
) -> None:
    teller, bus, ear = pair
    dead = cluster.servers[0]
    alive = [poll for poll in POLLS if cluster.owner(Names("nexus").counters(poll)) is not dead]
    assert 0 < len(alive) < len(POLLS)
    dead.kill()
    await until(lambda: not bus.healthy and not teller.healthy)
    for poll in POLLS:
        await teller.publish(totals_news(poll, 1))
    for poll in alive:
        await ear.hears(totals_news(poll, 1))
    assert await bus.newest(alive) is not None
    assert await bus.newest(list(POLLS)) is None
    dead.start()
    await until(lambda: bus.healthy and teller.healthy, HEAL_S)
    for poll in POLLS:
        await _tell_until_heard(teller, ear, poll, 2)


async def test_a_bus_starts_without_its_cluster_and_finds_it_later(cluster: RedisCluster) -> None:
    ear = Ear()
    for server in cluster.servers:
        server.freeze()
    bus = RedisBus(parse_address(cluster.url), worker="early")
    await bus.start(ear)
    await bus.subscribe(poll_topic(7))
    assert not bus.healthy
    for server in cluster.servers:
        server.thaw()
    await until(lambda: bus.healthy, HEAL_S)
    await _tell_until_heard(bus, ear, 7, 1)
    await bus.stop()


async def test_a_url_that_should_have_named_a_cluster_is_complained_of(
    cluster: RedisCluster, caplog: pytest.LogCaptureFixture
) -> None:
    bus = RedisBus(parse_address(cluster.servers[0].url), worker="w")
    await bus.start(Ear())
    for poll in POLLS:
        await bus.publish(totals_news(poll, 1))
    await bus.stop()
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "127.0.0.1" in caplog.text


def test_a_node_that_does_not_know_its_own_name_is_where_it_was_asked() -> None:
    owners = read_slots([[0, 8191, [b"", 7000, b"id"]], [8192, 16383, [b"10.0.0.2", 7001, b"id"]]], "10.0.0.1")
    assert owners[8191:8193] == (NodeAddress("10.0.0.1", 7000), NodeAddress("10.0.0.2", 7001))


@pytest.mark.parametrize("answer", [None, b"", [1], [[0, 99999, [b"a", 1]]], [[0, 1]], [[0, 1, [b"a", b"b"]]]])
def test_an_answer_that_is_no_map_of_slots_is_refused(answer: object) -> None:
    with pytest.raises(ValueError, match="map of slots"):
        read_slots(answer, "host")


# Sentinels


@pytest.fixture
def guarded() -> Iterator[tuple[RedisServer, RedisServer, str]]:
    """A primary, its replica, and the REDIS_URL of the sentinel that watches them."""
    need_redis((6, 2))
    primary = RedisServer().start()
    replica = RedisServer("--replicaof", "127.0.0.1", str(primary.port), "--repl-diskless-sync-delay", "0").start()
    watch = (
        f"sentinel monitor hall 127.0.0.1 {primary.port} 1\n"
        "sentinel down-after-milliseconds hall 500\n"
        "sentinel failover-timeout hall 3000\n"
    )
    sentinel = RedisServer("--sentinel", config=watch).start()
    yield primary, replica, f"redis+sentinel://127.0.0.1:{free_port()},127.0.0.1:{sentinel.port}/hall"
    for server in (sentinel, replica, primary):
        server.stop()


async def test_sentinels_lead_to_the_new_primary(guarded: tuple[RedisServer, RedisServer, str]) -> None:
    primary, replica, url = guarded
    ear = Ear()
    bus = RedisBus(parse_address(url), worker="w")
    await bus.start(ear)
    await bus.subscribe(poll_topic(7))
    assert bus.healthy
    await bus.publish(totals_news(7, 1))
    await ear.hears(totals_news(7, 1))
    with Redis(port=replica.port, protocol=2) as client:
        await until(lambda: bool(client.exists(Names("nexus").counters(7))))
    primary.kill()
    await until(lambda: not bus.healthy)
    await until(lambda: bus.healthy, 30)
    await bus.publish(totals_news(7, 2))
    await ear.hears(totals_news(7, 2))
    assert await bus.newest([7]) == {7: totals_news(7, 2).totals}
    await bus.stop()
