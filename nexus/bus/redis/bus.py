"""The bus over Redis: news on channels, counters in hashes (docs/architecture.md, "The bus").

`RedisBus` knows news, topics and places. Where they travel is left to `Servers`: one server (`OneServer`), or the nodes
of a cluster (`ClusterNodes`).
"""

from __future__ import annotations

import logging
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from nexus.bus import Bus, DeletedNews, News, NewsListener, Topic, TotalsNews
from nexus.bus.redis.address import ClusterRedis, RedisAddress
from nexus.bus.redis.cluster import ClusterNodes
from nexus.bus.redis.connections import Source, open_source
from nexus.bus.redis.link import PLAIN
from nexus.bus.redis.news import (
    COUNTERS_KEPT_S,
    FORGET_TOTALS,
    PUT_TOTALS,
    Names,
    decode,
    decode_totals,
    encode,
    encode_totals,
)
from nexus.bus.redis.node import Client, Node
from nexus.domain.poll import Place, Totals
from nexus.runtime.log_throttle import LogThrottle

logger = logging.getLogger(__name__)

POLLS_AT_ONCE = 500


class Servers(Protocol):
    """One server or many; no method raises because one is out of reach."""

    async def start(self) -> None:
        """Connect and stay connected; returns within about a second."""

    async def stop(self) -> None:
        """Close every connection, within a few seconds."""

    def node_for(self, name: str) -> Node | None:
        """The server that holds a key or channel; None while that is unknown."""

    async def want(self, channel: str) -> None:
        """Serve `channel` from now on; returns within about a second."""

    def unwant(self, channel: str) -> None:
        """Serve `channel` no longer."""

    @property
    def healthy(self) -> bool:
        """Whether every server answered within the last few seconds."""


class OneServer:
    """`Servers` where there is one."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def start(self) -> None:
        """Connect and stay connected; returns when a beat has come back, or after a second."""
        self._node.start()
        await self._node.ready()

    async def stop(self) -> None:
        """Close every connection, within a few seconds."""
        await self._node.stop()

    def node_for(self, name: str) -> Node:
        """The server, for any name."""
        return self._node

    async def want(self, channel: str) -> None:
        """Serve `channel` from now on; returns within about a second."""
        await self._node.want(channel)

    def unwant(self, channel: str) -> None:
        """Serve `channel` no longer."""
        self._node.unwant(channel)

    @property
    def healthy(self) -> bool:
        """Whether it answered within the last few seconds."""
        return self._node.healthy


class RedisBus:
    """A `nexus.bus.Bus` for any number of workers, with the promises of that protocol.

    While Redis is out of reach, `publish` drops the news at once: workers also ask the database.
    """

    def __init__(self, address: RedisAddress, *, prefix: str = "nexus", worker: str) -> None:
        """Connects to nothing yet. Raises ValueError, one line that names REDIS_URL, for unknown options.

        `worker` is for people who inspect the channels; it need not be unique.
        """
        place = address if isinstance(address, ClusterRedis) else open_source(address)
        # The beat of this very object: a twin of the same name must not keep it alive.
        worker = f"{worker}:{secrets.token_hex(4)}"
        self._names = Names(prefix, place.database if isinstance(place, Source) else 0)
        self._servers = _servers(place, self._names, worker, self._came)
        self._listener: NewsListener | None = None
        self._topics: dict[str, Topic] = {}
        self._places: dict[Topic, Place] = {}
        self._garbage = LogThrottle(logger, "ignored what is not from this service")

    async def start(self, listener: NewsListener) -> None:
        """Start delivering to `listener`; returns within about a second, even while Redis is out of reach."""
        self._listener = listener
        await self._servers.start()

    async def stop(self) -> None:
        """Stop delivering, and close every connection within a few seconds."""
        self._listener = None
        await self._servers.stop()

    async def publish(self, news: News) -> None:
        """Tell every worker that subscribed; returns within a second, and at once while Redis is out of reach."""
        channel = self._names.channel(news.topic)
        node = self._servers.node_for(channel)
        if node is None:
            return
        verb, body = node.verbs.publish, encode(news)
        match news:
            case TotalsNews(totals):
                kept = (totals.epoch, totals.version, encode_totals(totals), COUNTERS_KEPT_S)
                await node.run_script(PUT_TOTALS, self._names.counters(totals.poll), *kept, verb, channel, body)
            case DeletedNews(poll):
                await node.run_script(FORGET_TOTALS, self._names.counters(poll), verb, channel, body)
            case _:
                await node.call(lambda client: client.execute_command(verb, channel, body))

    async def subscribe(self, topic: Topic) -> None:
        """Receive news of `topic`: from the moment this returns, unless Redis is out of reach or very slow."""
        channel = self._names.channel(topic)
        self._topics[channel] = topic
        await self._servers.want(channel)

    async def unsubscribe(self, topic: Topic) -> None:
        """Receive no more news of `topic`, from now on, and forget its place."""
        channel = self._names.channel(topic)
        self._topics.pop(channel, None)
        self._places.pop(topic, None)
        self._servers.unwant(channel)

    async def newest(self, polls: list[int]) -> dict[int, Totals] | None:
        """The counters that Redis has of `polls`; None while any server that holds some of them is out of reach."""
        homes: dict[Node | None, list[int]] = defaultdict(list)
        for poll in polls:
            homes[self._servers.node_for(self._names.counters(poll))].append(poll)
        found: dict[int, Totals] = {}
        for node, theirs in homes.items():
            for start in range(0, len(theirs), POLLS_AT_ONCE):
                some = theirs[start : start + POLLS_AT_ONCE]
                bodies = await self._bodies(node, some) if node else None
                if bodies is None:
                    return None
                found.update(self._read(some, bodies))
        return found

    @property
    def healthy(self) -> bool:
        """Whether, on every server, a beat came back within the last few seconds."""
        return self._servers.healthy

    async def _bodies(self, node: Node, polls: Sequence[int]) -> list[object] | None:
        keys = [self._names.counters(poll) for poll in polls]

        async def fetch(client: Client) -> list[object]:
            pipeline = client.pipeline(transaction=False)
            for key in keys:
                pipeline.execute_command("HGET", key, "body")
            return await pipeline.execute(raise_on_error=True)

        return await node.call(fetch)

    def _read(self, polls: Sequence[int], bodies: Sequence[object]) -> Iterator[tuple[int, Totals]]:
        for poll, body in zip(polls, bodies, strict=True):
            totals = decode_totals(body)
            if totals is not None and totals.poll == poll:
                yield poll, totals
            elif body is not None:
                self._garbage(f"{self._names.counters(poll)}: {body!r:.100}")

    def _came(self, channel: str, body: bytes) -> None:
        """A message arrived: it may be late, a duplicate, another service's, or garbage."""
        topic = self._topics.get(channel)
        if self._listener is None or topic is None:
            return
        news = decode(body)
        if news is None or news.topic != topic:
            self._garbage(f"{channel}: {body[:100]!r}")
            return
        if isinstance(news, TotalsNews):
            if news.totals.place <= self._places.get(topic, Place(0, -1)):
                return
            self._places[topic] = news.totals.place
        self._listener.on_news(news)


def _servers(place: Source | ClusterRedis, names: Names, worker: str, hear: Callable[[str, bytes], None]) -> Servers:
    if isinstance(place, ClusterRedis):
        return ClusterNodes(place, names, worker, hear)
    return OneServer(Node(place, PLAIN, names.beat(worker), hear))


def open_bus(address: RedisAddress, worker: str) -> Bus:
    """The bus at `address`, not yet connected. Raises ValueError as `RedisBus` does."""
    return RedisBus(address, worker=worker)
