"""What tests of the Redis bus share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from redis import Redis

from nexus.bus.redis.address import parse_address
from nexus.bus.redis.bus import RedisBus
from tests.support.listening import Ear
from tests.support.redis_server import RedisServer, running_redis


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A Redis of this test's own, to be killed and frozen."""
    with running_redis(own=True) as server:
        yield server


@pytest.fixture
def redis(server: RedisServer) -> Iterator[Redis]:
    """A blocking client, to look at what the bus keeps and to interfere."""
    with Redis(port=server.port, protocol=2, socket_timeout=5) as client:
        yield client


@pytest.fixture
def ear() -> Ear:
    """What hears the news of `bus`."""
    return Ear()


@pytest.fixture
async def bus(server: RedisServer, ear: Ear) -> AsyncIterator[RedisBus]:
    """A started bus on `server`."""
    bus = RedisBus(parse_address(server.url), worker="one")
    await bus.start(ear)
    yield bus
    await bus.stop()
