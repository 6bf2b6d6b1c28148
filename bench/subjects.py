"""What the scenarios drive: Nexus, the floors, and the peers, each running with its dialect."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from bench.generator.dialect import Dialect
from bench.generator.nexus_dialect import HotPoll, SocketDialect
from bench.machine import Meter
from bench.peers import Peer
from bench.server import Running, free_port, make_poll, postgres, serving

LISTENING_S = 30.0
FIRST_USER = 1000
"""The number of client 0; the others follow."""


@dataclass(frozen=True)
class Target:
    """A server that runs: `dialect` makes one for so many clients, all in the room of one poll."""

    name: str
    port: int
    pid: int
    postgres_pid: int | None
    dialect: Callable[[int], Dialect]

    def meter(self) -> Meter:
        """Notes from now on who uses the processors."""
        return Meter(self.pid, self.postgres_pid)


class Subject(Protocol):
    """Something that can be measured."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    def running(self) -> AbstractContextManager[Target]:
        """Run it, with nobody there."""


def tokens(running: Running, count: int, poll: HotPoll | None = None) -> list[str]:
    """Tokens of `count` users, or of guests of `poll`."""
    if poll is None:
        return [running.tokens.access(f"user:{FIRST_USER + n}", ["user"]) for n in range(count)]
    return [running.tokens.access(f"guest:{uuid4()}", ["guest"], polls=[poll.id]) for _ in range(count)]


@dataclass(frozen=True)
class Nexus:
    """Nexus itself: one worker, on a PostgreSQL of its own."""

    guests: bool = False
    name: str = "nexus"

    @contextmanager
    def running(self) -> Iterator[Target]:
        with serving() as running:
            poll = make_poll(running)
            host = f"127.0.0.1:{running.port}"

            def dialect(count: int) -> Dialect:
                return SocketDialect(host, [poll], tokens(running, count, poll if self.guests else None))

            yield Target(self.name, running.port, running.process.pid, running.postgres_pid, dialect)


@dataclass(frozen=True)
class Floor:
    """The least that can be: see `bench.baselines.floor`."""

    kind: str = "write"
    name: str = "floor"

    @contextmanager
    def running(self) -> Iterator[Target]:
        port = free_port()
        process = subprocess.Popen([sys.executable, "-m", "bench.baselines.floor", str(port), self.kind])
        with ended(process):
            wait_until_listening(process, port)

            def dialect(count: int) -> Dialect:
                return SocketDialect(f"127.0.0.1:{port}", [HotPoll(1, [1, 2])], ["x" * 300] * count)

            yield Target(self.name, port, process.pid, None, dialect)


BROADCAST = Floor("broadcast", "websockets.broadcast")


@dataclass(frozen=True)
class PeerServer:
    """One of the peers, installed below `folder`."""

    peer: Peer
    folder: Path

    @property
    def name(self) -> str:
        return self.peer.name

    @contextmanager
    def running(self) -> Iterator[Target]:
        with postgres() as database:
            port = free_port()
            process = self.peer.start(self.folder, database.url, port)
            with ended(process):
                wait_until_listening(process, port)
                yield Target(self.name, port, process.pid, database.pid, lambda _: self.peer.dialect(port))


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process when the `with` ends."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def wait_until_listening(process: subprocess.Popen[bytes], port: int) -> None:
    """Connect until it works. Raises RuntimeError if the process ends, or does not listen within LISTENING_S."""
    deadline = time.monotonic() + LISTENING_S
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nobody listens on port {port} within {LISTENING_S:.0f} s")
