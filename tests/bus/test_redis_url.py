"""REDIS_URL: what is taken, and what is refused in a line that names it."""

from __future__ import annotations

import pytest

from nexus.bus.redis.bus import open_bus
from nexus.bus.redis.source import Cluster, NodeAddress, Source, read_url


def test_a_single_server_is_named_by_host_and_database() -> None:
    source = read_url("rediss://ann:s%40cret@hall.example/3?ssl_cert_reqs=none")
    assert isinstance(source, Source)
    assert (source.name, source.database) == ("hall.example:6379", 3)
    options = source.pool.connection_kwargs
    assert (options["username"], options["password"], options["ssl_cert_reqs"]) == ("ann", "s@cret", "none")


def test_bounds_are_not_a_matter_of_the_url() -> None:
    source = read_url("redis://host?socket_timeout=60&protocol=3&retry_on_timeout=yes&max_connections=1")
    assert isinstance(source, Source)
    options = source.pool.connection_kwargs
    assert (options["socket_timeout"], options["protocol"], options["retry"].get_retries()) == (None, 2, 0)


def test_sentinels_are_named_by_their_service() -> None:
    source = read_url("redis+sentinel://:s@one,two:7000/hall")
    assert isinstance(source, Source)
    assert source.name == "the primary of hall"


def test_a_cluster_is_named_by_some_of_its_nodes() -> None:
    cluster = read_url("redis+cluster://ann:s@one,[::1]:7000")
    assert isinstance(cluster, Cluster)
    assert cluster.seeds == (NodeAddress("one", 6379), NodeAddress("::1", 7000))
    assert cluster.login == ("ann", "s")
    assert str(cluster.seeds[1]) == "[::1]:7000"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost",
        "http://localhost",
        "redis://",
        "redis://:secret@",
        "redis://:secret@host:port",
        "redis://:sec#ret@host:1",
        "redis://host:99999",
        "redis://host/name",
        "redis://host/1?colour=blue",
        "redis://host?db=x",
        "redis+sentinel://:secret@host:1,host:2",
        "redis+sentinel://host,/service",
        "redis+cluster://:secret@host:1,host:x",
        "redis+cluster://host:1/3",
    ],
)
def test_a_wrong_url_is_named_in_one_line_without_its_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"^REDIS_URL ") as caught:
        open_bus(url, "w")
    assert "\n" not in str(caught.value)
    assert "sec" not in str(caught.value)
