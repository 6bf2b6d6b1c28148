"""REDIS_URL: what is taken, what its pools are like, and what is refused in a line that names it."""

from __future__ import annotations

import pytest

from nexus.bus.redis.address import ClusterRedis, NodeAddress, OneRedis, RedisLogin, SentinelRedis, parse_address
from nexus.bus.redis.bus import open_bus
from nexus.bus.redis.connections import Source, cluster_node, open_source
from nexus.errors import SettingsError
from nexus.settings import Settings


def source_of(url: str) -> Source:
    address = parse_address(url)
    assert not isinstance(address, ClusterRedis)
    return open_source(address)


def test_a_single_server_is_named_by_host_and_database() -> None:
    source = source_of("rediss://ann:s%40cret@hall.example/3?ssl_cert_reqs=none")
    assert (source.name, source.database) == ("hall.example:6379", 3)
    options = source.pool.connection_kwargs
    assert (options["username"], options["password"], options["ssl_cert_reqs"]) == ("ann", "s@cret", "none")


def test_bounds_are_not_a_matter_of_the_url() -> None:
    source = source_of("redis://host?socket_timeout=60&protocol=3&retry_on_timeout=yes&max_connections=1")
    options = source.pool.connection_kwargs
    assert (options["socket_timeout"], options["protocol"], options["retry"].get_retries()) == (None, 2, 0)


def test_sentinels_are_named_by_their_service() -> None:
    address = parse_address("redis+sentinel://:s@one,two:7000/hall")
    assert address == SentinelRedis(
        (NodeAddress("one", 26379), NodeAddress("two", 7000)), "hall", RedisLogin(password="s")
    )
    source = source_of("redis+sentinel://:s@one,two:7000/hall")
    assert source.name == "the primary of hall"
    assert source.pool.connection_kwargs["password"] == "s"


def test_a_cluster_is_named_by_some_of_its_nodes() -> None:
    cluster = parse_address("redis+cluster://ann:s@one,[::1]:7000")
    assert isinstance(cluster, ClusterRedis)
    assert cluster.seeds == (NodeAddress("one", 6379), NodeAddress("::1", 7000))
    assert cluster.login == RedisLogin("ann", "s")
    assert str(cluster.seeds[1]) == "[::1]:7000"
    options = cluster_node(cluster, cluster.seeds[1]).pool.connection_kwargs
    assert (options["host"], options["port"], options["username"]) == ("::1", 7000, "ann")


@pytest.mark.parametrize(
    "form", ["redis://ann:hunter2@a/1", "redis+sentinel://ann:hunter2@a/s", "redis+cluster://ann:hunter2@a"]
)
def test_an_address_shows_no_password(form: str) -> None:
    assert "hunter2" not in repr(parse_address(form))


def test_a_database_may_be_left_out() -> None:
    assert parse_address("redis://host/") == OneRedis(NodeAddress("host", 6379), "redis://host/")


def open_wrong(url: str) -> None:
    address = Settings.load({"REDIS_URL": url}).redis
    assert address is not None
    open_bus(address, "w")


@pytest.mark.parametrize(
    "url",
    [
        "localhost",
        "http://localhost",
        "redis://",
        "redis://:secret@",
        "redis://:secret@host:port",
        "redis://:sec#ret@host:1",
        "redis://:sec℀ret@host:1",
        "redis://:pa[sec]@host:1",
        "redis+sentinel://host[sec],two/hall",
        "redis://host:99999",
        "redis://host/name",
        "redis://host:1,host:2",
        "redis://host:0",
        "redis+cluster://host:0",
        "redis://host/1?colour=blue",
        "redis://host?db=x",
        "redis+sentinel://:secret@host:1,host:2",
        "redis+sentinel://host,/service",
        "redis+cluster://:secret@host:1,host:x",
        "redis+cluster://host:1/3",
    ],
)
def test_a_wrong_url_is_named_in_one_line_without_its_password(url: str) -> None:
    """Whether the text is wrong, or an option that the library alone knows."""
    with pytest.raises((SettingsError, ValueError), match=r"^REDIS_URL ") as caught:
        open_wrong(url)
    assert "\n" not in str(caught.value)
    assert "sec" not in str(caught.value)
