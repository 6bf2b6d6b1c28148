"""A Redis Cluster of three primaries on loopback for tests, and a slot that moves."""

from __future__ import annotations

import time

from redis import Redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from tests.support.redis_server import START_S, RedisServer, free_port

PRIMARIES = 3
_SHARE = -(-REDIS_CLUSTER_HASH_SLOTS // PRIMARIES)


class RedisCluster:
    """Three primaries that know each other and share the slots; no replicas."""

    def __init__(self) -> None:
        self.servers = [
            RedisServer(
                *("--cluster-enabled", "yes", "--cluster-port", str(free_port())),
                *("--cluster-require-full-coverage", "no", "--cluster-node-timeout", "2000"),
            )
            for _ in range(PRIMARIES)
        ]

    @property
    def url(self) -> str:
        """Its REDIS_URL."""
        return "redis+cluster://" + ",".join(f"127.0.0.1:{server.port}" for server in self.servers)

    def start(self) -> RedisCluster:
        """Start, and return once every node knows the whole map."""
        for number, server in enumerate(self.servers):
            server.start()
            first, last = number * _SHARE, min((number + 1) * _SHARE, REDIS_CLUSTER_HASH_SLOTS) - 1
            with self.client(server) as client:
                client.execute_command("CLUSTER", "SET-CONFIG-EPOCH", str(number + 1))
                client.execute_command("CLUSTER", "ADDSLOTSRANGE", str(first), str(last))
        for server in self.servers[1:]:
            with self.client(self.servers[0]) as client:
                bus_port = server.arguments[server.arguments.index("--cluster-port") + 1]
                client.execute_command("CLUSTER", "MEET", "127.0.0.1", str(server.port), bus_port)
        self._await_agreement()
        return self

    def stop(self) -> None:
        """End every node."""
        for server in self.servers:
            server.stop()

    def client(self, server: RedisServer) -> Redis:
        """A blocking client of one node."""
        return Redis(port=server.port, socket_timeout=START_S, protocol=2)

    def owner(self, key: str) -> RedisServer:
        """The node that serves `key` by the first division of the slots."""
        return self.servers[key_slot(key.encode()) // _SHARE]

    def move_slot(self, key: str, to: RedisServer) -> None:
        """Give the slot of `key`, with the keys in it, to another node (Redis Cluster's own protocol)."""
        home, slot = self.owner(key), str(key_slot(key.encode()))
        with self.client(home) as source, self.client(to) as target:
            ids = [client.execute_command("CLUSTER", "MYID").decode() for client in (source, target)]
            target.execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[0])
            source.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[1])
            keys = source.execute_command("CLUSTER", "GETKEYSINSLOT", slot, "100")
            for name in keys:
                source.execute_command("MIGRATE", "127.0.0.1", str(to.port), name, "0", "5000")
            for client in (target, source):
                client.execute_command("CLUSTER", "SETSLOT", slot, "NODE", ids[1])

    def _await_agreement(self) -> None:
        deadline = time.monotonic() + START_S
        while not all(self._sees_all(server) for server in self.servers):
            if time.monotonic() > deadline:
                raise RuntimeError("the nodes of the test's Redis Cluster did not find each other")
            time.sleep(0.02)

    def _sees_all(self, server: RedisServer) -> bool:
        with self.client(server) as client:
            info = str(client.execute_command("CLUSTER", "INFO"), "ascii")
        said = dict(line.split(":", 1) for line in info.split() if ":" in line)
        whole = said["cluster_slots_ok"] == str(REDIS_CLUSTER_HASH_SLOTS)
        return whole and said["cluster_state"] == "ok" and said["cluster_size"] == str(PRIMARIES)
