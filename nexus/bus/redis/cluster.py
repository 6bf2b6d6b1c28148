"""The nodes of a Redis Cluster: one `Node` for each primary, and who serves which channel.

Sharded pub/sub (Redis 7): a poll's news stay on the node of its slot. redis-py's own sharded reader polls the
nodes in turn and does not follow a slot that moves; here each node has its link, and the map of slots is
asked for again whenever an answer says that it has changed, and every few seconds.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Callable
from contextlib import suppress

from redis.asyncio import Redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from nexus.bus.redis.address import ClusterRedis, NodeAddress
from nexus.bus.redis.bounds import CALL_S, TROUBLE, within
from nexus.bus.redis.connections import cluster_node
from nexus.bus.redis.link import SHARDED
from nexus.bus.redis.news import Names
from nexus.bus.redis.node import Client, Node
from nexus.runtime.log_throttle import LogThrottle

logger = logging.getLogger(__name__)

ASK_EVERY_S = 5.0
"""How often the map of slots is asked for while all is well."""
ASK_EVERY_WHILE_ILL_S = 1.0
"""How often while a slot has no primary or a primary does not answer."""
ASK_AT_MOST_EVERY_S = 0.2
STRANGERS_A_TIME = 3
"""Seeds and nodes out of reach that are asked in one attempt, one after the other."""

Owners = tuple[NodeAddress | None, ...]
"""The primary of each slot."""


class ClusterNodes:
    """The `Servers` of a cluster. News for a slot that is being moved is dropped, as if Redis were down."""

    def __init__(self, cluster: ClusterRedis, names: Names, worker: str, hear: Callable[[str, bytes], None]) -> None:
        self._cluster = cluster
        self._names = names
        self._worker = worker
        self._hear = hear
        self._owners: Owners = (None,) * REDIS_CLUSTER_HASH_SLOTS
        self._nodes: dict[NodeAddress, Node] = {}
        self._homes: dict[str, Node | None] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None
        self._outdated = asyncio.Event()
        self._mapped = asyncio.Event()
        self._lost = LogThrottle(logger, "a Redis node does not return the slot map of its cluster")

    async def start(self) -> None:
        """Find the nodes and stay connected to them; returns within about `CALL_S`."""
        self._watching = asyncio.create_task(self._watch(), name="map of the Redis Cluster")
        with suppress(TimeoutError):
            async with asyncio.timeout(CALL_S):
                await self._mapped.wait()
                for node in list(self._nodes.values()):
                    await node.ready()

    async def stop(self) -> None:
        """Close every connection, within a few seconds."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.wait({self._watching}, timeout=CALL_S)
        self._mapped.clear()
        for address in list(self._nodes):
            self._dismiss(address)
        if self._leaving:
            await asyncio.wait(self._leaving)

    def node_for(self, name: str) -> Node | None:
        """The primary that serves a key or channel; None while none is known."""
        owner = self._owner(name)
        return self._nodes.get(owner) if owner is not None else None

    async def want(self, channel: str) -> None:
        """Serve `channel` from now on, wherever its slot moves; returns within about a second."""
        node = self._homes[channel] = self.node_for(channel)
        if node is not None:
            await node.want(channel)

    def unwant(self, channel: str) -> None:
        """Serve `channel` no longer."""
        node = self._homes.pop(channel, None)
        if node is not None:
            node.unwant(channel)

    @property
    def healthy(self) -> bool:
        """Whether every slot has a primary and every primary answered within the last few seconds."""
        return self._mapped.is_set() and all(node.healthy for node in self._nodes.values())

    def _owner(self, name: str) -> NodeAddress | None:
        return self._owners[key_slot(name.encode())]

    async def _watch(self) -> None:
        """Keep the map up to date; never returns."""
        while True:
            self._outdated.clear()
            try:
                await self._refresh()
            except Exception:
                logger.exception("cannot read the slot map of the Redis Cluster; asking again")
            await asyncio.sleep(ASK_AT_MOST_EVERY_S)
            rest = ASK_EVERY_S if self.healthy else ASK_EVERY_WHILE_ILL_S
            with suppress(TimeoutError):
                async with asyncio.timeout(rest * random.uniform(0.5, 1.0)):  # noqa: S311 (jitter, no secret)
                    await self._outdated.wait()

    async def _refresh(self) -> None:
        owners = await self._ask()
        if owners is None:
            return
        if owners != self._owners:
            self._owners = owners
            self._follow({owner for owner in owners if owner is not None})
        if None in owners:
            self._mapped.clear()
        else:
            self._mapped.set()

    def _follow(self, primaries: set[NodeAddress]) -> None:
        """Add and dismiss nodes, and move the channels whose slots have moved; waits for nothing."""
        for address in primaries - self._nodes.keys():
            self._nodes[address] = node = Node(
                cluster_node(self._cluster, address), SHARDED, self._beat(address), self._hear, self._outdated.set
            )
            node.start()
        for address in self._nodes.keys() - primaries:
            self._dismiss(address)
        for address, node in self._nodes.items():
            if self._owner(node.beat) != address:
                node.beat_on(self._beat(address))
        for channel, home in self._homes.items():
            node_now = self.node_for(channel)
            if node_now is not home:
                self._move(channel, home, node_now)

    def _move(self, channel: str, home: Node | None, to: Node | None) -> None:
        self._homes[channel] = to
        if home is not None:
            home.unwant(channel)
        if to is not None:
            to.add(channel)

    def _dismiss(self, address: NodeAddress) -> None:
        leaving = asyncio.create_task(self._nodes.pop(address).stop(), name=f"leaving {address}")
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    def _beat(self, address: NodeAddress) -> str:
        """A channel in one of the slots of `address`: its link can hear no other."""
        beats = (self._names.beat(self._worker, number) for number in itertools.count())
        return next(beat for beat in beats if self._owner(beat) == address)

    async def _ask(self) -> Owners | None:
        """The map as known to a node in reach, otherwise to a seed; None if none answers."""
        friends = [(address, node) for address, node in self._nodes.items() if node.in_reach()]
        random.shuffle(friends)
        for address, node in friends:
            answer = await node.call(_cluster_slots)
            if answer is not None:
                return read_slots(answer, address.host)
        strangers = list({*self._cluster.seeds, *self._nodes})
        random.shuffle(strangers)
        for address in strangers[:STRANGERS_A_TIME]:
            answer = await self._ask_stranger(address)
            if answer is not None:
                return read_slots(answer, address.host)
        return None

    async def _ask_stranger(self, address: NodeAddress) -> object:
        source = cluster_node(self._cluster, address)
        try:
            return await within(CALL_S, _cluster_slots(Redis(connection_pool=source.pool)))
        except TROUBLE as error:
            self._lost(f"{address}: {error}")
            return None
        finally:
            await source.aclose()


async def _cluster_slots(client: Client) -> object:
    return await client.execute_command("CLUSTER", "SLOTS")


def read_slots(answer: object, asked: str) -> Owners:
    """The owners in an answer to CLUSTER SLOTS; a node that does not name its host is on the one `asked`.

    Raises ValueError for anything else. Source: https://redis.io/docs/latest/commands/cluster-slots/
    """
    owners: list[NodeAddress | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
    if not isinstance(answer, list):
        raise ValueError(f"not a map of slots: {answer!r:.100}")
    for shard in answer:
        match shard:
            case [int(first), int(last), [host, int(port), *_], *_] if 0 <= first <= last < len(owners):
                name = host.decode() if isinstance(host, bytes) else ""
                owners[first : last + 1] = [NodeAddress(name or asked, port)] * (last - first + 1)
            case _:
                raise ValueError(f"not a shard of a map of slots: {shard!r:.100}")
    return tuple(owners)
