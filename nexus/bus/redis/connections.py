"""Where connections to Redis come from: pools, made of an address. Nothing here connects."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

from nexus.bus.redis.address import ClusterRedis, NodeAddress, OneRedis, RedisLogin, SentinelRedis
from nexus.bus.redis.bounds import CALL_S, SENTINEL_S, TROUBLE, within

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 32
"""Connections of one pool."""

# redis-py leaves these two without types.
_sentinel: Callable[..., Sentinel] = Sentinel
_sentinel_pool: Callable[..., ConnectionPool] = SentinelConnectionPool


class Source:
    """Where the connections to one server come from; `name` may be logged, it holds no password."""

    def __init__(self, name: str, pool: ConnectionPool, sentinel: Sentinel | None = None) -> None:
        self.name = name
        self.pool = pool
        self._sentinel = sentinel

    @property
    def database(self) -> int:
        """The number of the database."""
        return int(self.pool.connection_kwargs.get("db") or 0)

    def connection(self) -> AbstractConnection:
        """A separate connection, outside the pool and not yet connected."""
        return self.pool.connection_class(**self.pool.connection_kwargs)

    async def drop_idle(self) -> None:
        """Close the connections that are not in use; one that does not close within a second is abandoned."""
        await self._bounded(self.pool.disconnect(inuse_connections=False))

    async def aclose(self) -> None:
        """Close the pool's connections and those to the sentinels; what does not close within a second is abandoned."""
        await self._bounded(self.pool.aclose())
        if self._sentinel is not None:
            await self._bounded(self._sentinel.aclose())

    async def _bounded(self, closing: Awaitable[None]) -> None:
        try:
            await within(CALL_S, closing)
        except TROUBLE as error:
            logger.debug("a connection to Redis at %s did not close in time: %s", self.name, error)


def open_source(address: OneRedis | SentinelRedis) -> Source:
    """The server that `address` names; raises ValueError where its URL has an option that the library does not know."""
    return _single(address) if isinstance(address, OneRedis) else _primary(address)


def cluster_node(cluster: ClusterRedis, address: NodeAddress) -> Source:
    """The node at `address` of a cluster."""
    options = _options(cluster.login) | {"host": address.host, "port": address.port}
    return Source(str(address), ConnectionPool(**options))


def _options(login: RedisLogin | None = None) -> dict[str, Any]:
    """What every connection has, whatever a URL says: bounds, none of redis-py's retries, plain RESP2."""
    named = {"username": login.username, "password": login.password} if login else {}
    return {key: value for key, value in named.items() if value} | {
        "protocol": 2,
        "decode_responses": False,
        "driver_info": None,
        "health_check_interval": 0,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": None,  # every call is bounded as a whole; a time-out here costs a task a command
        "socket_connect_timeout": CALL_S,
        "max_connections": MOST_CONNECTIONS,
    }


def _single(address: OneRedis) -> Source:
    try:
        # The URL's own options (certificates, say) come first: ours win.
        source = Source(str(address.node), ConnectionPool(**{**parse_url(address.url), **_options()}))
        source.connection()
    except (TypeError, ValueError) as error:
        reason = "an option is unknown" if isinstance(error, TypeError) else str(error).rstrip(".")
        raise ValueError(f"REDIS_URL must have options that Redis clients know: {reason}.") from None
    return source


def _primary(address: SentinelRedis) -> Source:
    asking = _options() | {"socket_timeout": SENTINEL_S, "socket_connect_timeout": SENTINEL_S}
    sentinel = _sentinel(address.nodes, sentinel_kwargs=asking)
    pool = _sentinel_pool(address.service, sentinel, **_options(address.login))
    return Source(f"the primary of {address.service}", pool, sentinel)
