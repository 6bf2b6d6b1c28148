"""REDIS_URL: from its text to pools of connections. Nothing here connects."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff

from nexus.bus.redis.bounds import CALL_S, SENTINEL_S, TROUBLE, within

logger = logging.getLogger(__name__)

MOST_CONNECTIONS = 32
SENTINEL_PORT = 26379
REDIS_PORT = 6379

_FORMS = "redis://host:port, rediss://host:port, redis+sentinel://host:port,…/service or redis+cluster://host:port,…"


# redis-py leaves these two without types.
_sentinel: Callable[..., Sentinel] = Sentinel
_sentinel_pool: Callable[..., ConnectionPool] = SentinelConnectionPool


class NodeAddress(NamedTuple):
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class RedisLogin(NamedTuple):
    """The user and password of a URL, empty where it has none."""

    username: str = ""
    password: str = ""


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
        """A connection of its own, outside the pool and not yet connected."""
        return self.pool.connection_class(**self.pool.connection_kwargs)

    async def drop_idle(self) -> None:
        """Close the connections that nobody uses now, within a second or let go of them."""
        await self._bounded(self.pool.disconnect(inuse_connections=False))

    async def aclose(self) -> None:
        """Close the pool's connections and those to the sentinels, each within a second or let go of them."""
        await self._bounded(self.pool.aclose())
        if self._sentinel is not None:
            await self._bounded(self._sentinel.aclose())

    async def _bounded(self, closing: Awaitable[None]) -> None:
        try:
            await within(CALL_S, closing)
        except TROUBLE as error:
            logger.debug("A connection to Redis at %s did not close in time: %s", self.name, error)


class Cluster(NamedTuple):
    """A URL's cluster: some of its nodes, and how to log in to any of them."""

    seeds: tuple[NodeAddress, ...]
    login: RedisLogin

    def source(self, address: NodeAddress) -> Source:
        """The node at `address`."""
        options = _options(self.login) | {"host": address.host, "port": address.port}
        return Source(str(address), ConnectionPool(**options))


def read_url(url: str) -> Source | Cluster:
    """What REDIS_URL names; ValueError with one line that names it, and holds no password, if it is wrong."""
    scheme, _, rest = url.partition("://")
    try:
        if scheme in ("redis", "rediss"):
            return _single(url)
        if scheme == "redis+sentinel":
            return _sentinels(rest)
        if scheme == "redis+cluster":
            return _cluster(rest)
        raise ValueError("its scheme is not known")
    except ValueError as error:
        raise ValueError(f"REDIS_URL must be {_FORMS}: {str(error).rstrip('.')}.") from None


def _options(login: RedisLogin) -> dict[str, Any]:
    """What every connection has, whatever a URL says: bounds, no retries of redis-py's own, plain RESP2."""
    return {key: value for key, value in login._asdict().items() if value} | {
        "protocol": 2,
        "decode_responses": False,
        "driver_info": None,
        "health_check_interval": 0,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": None,  # every call is bounded as a whole; a time-out here costs a task a command
        "socket_connect_timeout": CALL_S,
        "max_connections": MOST_CONNECTIONS,
    }


def _single(url: str) -> Source:
    parts = urlsplit(url)
    address = _address(parts, REDIS_PORT)
    database = parts.path.strip("/")
    if database and not (database.isascii() and database.isdigit()):
        raise ValueError("its path must be the number of a database")
    # The URL's own options (certificates, say) come first: ours win.
    source = Source(str(address), ConnectionPool(**{**parse_url(url), **_options(RedisLogin())}))
    try:
        source.connection()
    except TypeError:
        raise ValueError("it has an option that is not known") from None
    return source


def _sentinels(rest: str) -> Source:
    authority, _, service = rest.partition("/")
    if not service or any(mark in service for mark in "/?#"):
        raise ValueError("it must end in /service, the name of the primary, and nothing else")
    addresses = _addresses(authority, SENTINEL_PORT)
    asking = _options(RedisLogin()) | {"socket_timeout": SENTINEL_S, "socket_connect_timeout": SENTINEL_S}
    sentinel = _sentinel(addresses, sentinel_kwargs=asking)
    pool = _sentinel_pool(service, sentinel, **_options(_login(authority)))
    return Source(f"the primary of {service}", pool, sentinel)


def _cluster(rest: str) -> Cluster:
    authority, _, path = rest.partition("/")
    if path or any(mark in authority for mark in "?#"):
        raise ValueError("nothing may follow the hosts of a cluster, not even a database")
    return Cluster(_addresses(authority, REDIS_PORT), _login(authority))


def _login(authority: str) -> RedisLogin:
    username, _, password = authority.rpartition("@")[0].partition(":")
    return RedisLogin(unquote(username), unquote(password))


def _addresses(authority: str, port: int) -> tuple[NodeAddress, ...]:
    hosts = authority.rpartition("@")[2].split(",")
    return tuple(_address(urlsplit(f"//{host}"), port) for host in hosts)


def _address(parts: SplitResult, port: int) -> NodeAddress:
    try:
        named = parts.port
    except ValueError:  # its text may quote a piece of a password
        raise ValueError("a port is not a number up to 65535") from None
    if not parts.hostname:
        raise ValueError("it names no host, or an empty one")
    return NodeAddress(parts.hostname, named or port)
