"""Other servers for the same job, each as its documentation shows it: a vote in a transaction, a broadcast per vote.

A peer is installed by the benchmark alone, from the registries, into a folder of its own.
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
