"""REDIS_URL: its four forms, read into values. Pure text: the library `redis` is not needed here, nor loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit

REDIS_PORT = 6379

SENTINEL_PORT = 26379

_FORMS = "redis://host:port, rediss://host:port, redis+cluster://host:port,… or redis+sentinel://host:port,…/service"


class NodeAddress(NamedTuple):
    """Where one server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class RedisLogin:
    """The user and password of a URL, empty where it has none."""

    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class OneRedis:
    """A single server; `url` is kept for what only the library can read: the login and options such as certificates."""

    node: NodeAddress
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SentinelRedis:
    """The primary called `service`, found by asking the sentinels at `nodes`."""

    nodes: tuple[NodeAddress, ...]
    service: str
    login: RedisLogin


@dataclass(frozen=True, slots=True)
class ClusterRedis:
    """A cluster, of which `seeds` are some nodes."""

    seeds: tuple[NodeAddress, ...]
    login: RedisLogin


RedisAddress = OneRedis | SentinelRedis | ClusterRedis
"""What REDIS_URL names."""


def parse_address(url: str) -> RedisAddress:
    """Returns what `url` names.

    Raises ValueError for anything else: `must be …` and the reason, one line without the password.
    """
    scheme, _, rest = url.partition("://")
    try:
        if scheme in ("redis", "rediss"):
            return _single(url)
        if scheme == "redis+cluster":
            return _cluster(rest)
        if scheme == "redis+sentinel":
            return _sentinels(rest)
        raise ValueError("the scheme is unknown")
    except ValueError as error:
        raise ValueError(f"must be {_FORMS}: {str(error).rstrip('.')}.") from None


def _single(url: str) -> OneRedis:
    parts = _split(url)
    node, *others = _nodes(parts.netloc, REDIS_PORT)
    if others:
        raise ValueError("there is more than one host")
    database = parts.path.strip("/")
    if database and not (database.isascii() and database.isdigit()):
        raise ValueError("the path must be the number of a database")
    return OneRedis(node, url)


def _cluster(rest: str) -> ClusterRedis:
    authority, _, path = rest.partition("/")
    if path or any(mark in authority for mark in "?#"):
        raise ValueError("nothing may follow the hosts of a cluster, not even a database")
    return ClusterRedis(_nodes(authority, REDIS_PORT), _login(authority))


def _sentinels(rest: str) -> SentinelRedis:
    authority, _, service = rest.partition("/")
    if not service or any(mark in rest for mark in "?#") or "/" in service:
        raise ValueError("it must end in /service, the name of the primary, and nothing else")
    return SentinelRedis(_nodes(authority, SENTINEL_PORT), service, _login(authority))


def _login(authority: str) -> RedisLogin:
    username, _, password = authority.rpartition("@")[0].partition(":")
    return RedisLogin(unquote(username), unquote(password))


def _nodes(authority: str, port: int) -> tuple[NodeAddress, ...]:
    hosts = authority.rpartition("@")[2].split(",")
    return tuple(_node(_split(f"//{host}"), port) for host in hosts)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:  # its text may quote a piece of a password
        raise ValueError("its host, or an unescaped password, is not as in a URL") from None


def _node(parts: SplitResult, port: int) -> NodeAddress:
    try:
        named = parts.port
    except ValueError:  # its text may quote a piece of a password
        raise ValueError("a port is not a number from 1 to 65535") from None
    if named == 0:
        raise ValueError("a port is not a number from 1 to 65535")
    if not parts.hostname:
        raise ValueError("a host is missing")
    return NodeAddress(parts.hostname, named or port)
