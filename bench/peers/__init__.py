"""Other servers for the same job, each as its documentation shows it: a vote in a transaction, a broadcast per vote.

A peer is installed by the benchmark alone, from the registries, into a folder of its own (`installed`), and driven over
plain WebSockets (`dialects`). Its program is in `servers`: one process, no authentication. All keep the same tables.

A join enters the room and reads, in the database, the totals and the voter's own choice. A vote is one transaction: it
upserts the ballot, moves the counters and reads the totals, under the lock of the poll's row, so that totals never go
back. The voter is acknowledged after the commit, and then the totals go to everyone in the room.

- `ws`: on Node; `pg` with its pool and prepared statements; each message sent to every socket of a set
- `Socket.IO`: on Node, the same votes; rooms, WebSocket alone, `bufferutil`, and requests let go of, as its page on
  performance says
- `python-socketio`: ASGI on uvicorn with uvloop and httptools; `asyncpg` with its pool; rooms, WebSocket alone
- `Django Channels`: on the same uvicorn; consumers, groups; the ORM by `database_sync_to_async`, psycopg with a pool;
  of its two layers over Redis the one on pub/sub, which is the faster one, on a Redis of its own whose time and memory
  count as the server's (without a `redis-server`: its layer in memory). A consumer handles one thing at a time: while
  its vote waits for the database it hears no totals, and those beyond its queue of 100 are lost.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bench.generator.dialect import Dialect
from bench.peers.dialects import JsonDialect, SocketIoDialect
from bench.peers.installed import NodePeer, PythonPeer


class Peer(Protocol):
    """Another server. One poll with two options is enough: it makes its tables itself, at its start."""

    @property
    def name(self) -> str:
        """What the tables call it, such as `ws` or `Socket.IO`."""

    def install(self, folder: Path) -> None:
        """Install it with what it needs into `folder`, unless it is there. Raises RuntimeError where that cannot be
        done, with a reason for the report, such as no Node on this machine."""

    def start(self, folder: Path, database_url: str, port: int) -> subprocess.Popen[bytes]:
        """Start it on 127.0.0.1 with the PostgreSQL at `database_url`, whose database is empty; it may return before
        the server listens, which must then be when it is ready. SIGTERM has to end it within 10 s."""

    def dialect(self, port: int) -> Dialect:
        """What its clients say: `vote` names the voter by the client's number, or by its connection."""


PEERS: Sequence[Peer] = (
    NodePeer("ws", "ws.js", JsonDialect),
    NodePeer("Socket.IO", "socketio.js", SocketIoDialect),
    PythonPeer("python-socketio", "socketio_server", SocketIoDialect),
    PythonPeer("Django Channels", "channels_server", JsonDialect),
)
