"""Thousands of clients on one epoll, and what they saw.

What a read costs here decides what can be measured, so a read that holds exactly one totals frame, as nearly all do,
is looked up among the last ones by its bytes and not parsed again.
"""

from __future__ import annotations

import gc
import select
import socket
import struct
import time
from array import array
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from bench.generator import frames
from bench.generator.dialect import Dialect, Kind

_READ_BYTES = 4096
_EVENTS = 4096
_KNOWN_FRAMES = 64
# Closed with a reset: no port waits for the last packets of a benchmark.
_RESET = struct.pack("ii", 1, 0)
_LONGEST_TURN_S = 0.05


class Stamps:
    """Who read which version when: three columns of the frames that a crowd was told to note."""

    def __init__(self) -> None:
        self.clients = array("l")
        self.versions = array("q")
        self.times = array("d")

    def note(self, client: int, version: int) -> None:
        """A client has read this version now."""
        self.times.append(time.perf_counter())
        self.clients.append(client)
        self.versions.append(version)


class Casts:
    """Every acknowledged vote: when it was cast (or was due), when acknowledged, and at which version."""

    def __init__(self) -> None:
        self.cast = array("d")
        self.acked = array("d")
        self.versions = array("q")

    @property
    def latencies(self) -> list[float]:
        """Seconds from cast to ack, sorted."""
        return sorted(acked - cast for cast, acked in zip(self.cast, self.acked, strict=True))


class Crowd:
    """Clients 0 to n of one server. Not thread-safe; everything happens in `turn`."""

    def __init__(self, port: int, dialect: Dialect, *, address: str = "127.0.0.1") -> None:
        self._where = (address, port)
        self._dialect = dialect
        self._epoll = select.epoll()
        # By file descriptor: lists are the cheapest tables there are.
        self._sockets: dict[int, socket.socket] = {}
        self._receive: list[Callable[[int], bytes]] = []
        self._send: list[Callable[[bytes], int]] = []
        self._client: list[int] = []
        self._rest: dict[int, bytes] = {}
        self._opening: set[int] = set()
        self._known: dict[bytes, int] = {}
        # By client.
        self._fds: list[int] = []
        self._turns: list[int] = []
        self._cast: list[float] = []
        self._not_entered: set[int] = set()
        self.begun = 0
        self.totals = 0
        self.lost = 0
        self.heard: Counter[Kind] = Counter()
        self.errors: Counter[bytes] = Counter()
        self.entered_at = array("d")
        self.casts = Casts()
        self.stamps: Stamps | None = None
        """Where to note every totals frame; None notes nothing, which costs less."""
        self.shown: Stamps | None = None
        """Where to note, in the same way, that an event has moved on."""
        self.acked: Callable[[int], None] | None = None
        """Told which client's vote was acknowledged or refused."""

    @property
    def entered(self) -> int:
        """Clients that are where they wanted to be."""
        return self.begun - len(self._not_entered) - self.lost

    def begin(self) -> int:
        """Start the next client; returns its number."""
        client = self.begun
        self.begun += 1
        one = socket.socket()
        one.setblocking(False)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with suppress(BlockingIOError):
            one.connect(self._where)
        fd = one.fileno()
        if fd >= len(self._client):
            more = fd + 1 - len(self._client)
            self._client.extend([-1] * more)
            self._receive.extend([one.recv] * more)
            self._send.extend([one.send] * more)
        self._sockets[fd] = one
        self._receive[fd], self._send[fd], self._client[fd] = one.recv, one.send, client
        self._fds.append(fd)
        self._turns.append(0)
        self._cast.append(0.0)
        self.entered_at.append(0.0)
        self._not_entered.add(client)
        self._opening.add(fd)
        self._epoll.register(fd, select.EPOLLOUT)
        return client

    def enter(self, clients: int, within_s: float, *, in_flight: int = 100) -> float:
        """Start clients, `in_flight` at a time, until there are `clients` more; returns the seconds it took."""
        began, last = time.perf_counter(), self.begun + clients
        while self.begun < last or self._not_entered:
            while self.begun < last and len(self._not_entered) < in_flight:
                self.begin()
            self.turn(_LONGEST_TURN_S)
            if self.lost or self.heard[Kind.REFUSED]:
                raise RuntimeError(f"clients were refused: {self.lost} lost, {dict(self.errors)}")
            if time.perf_counter() - began > within_s:
                raise RuntimeError(f"{self.entered} of {self.begun} clients entered within {within_s:.0f} s")
        return time.perf_counter() - began

    def watch(self, seconds: float) -> None:
        """Let clients read for so long."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            self.turn(min(left, _LONGEST_TURN_S))

    def cast(self, client: int, due: float | None = None) -> None:
        """Have a client vote now; its latency counts from `due`, where the vote is late. One at a time a client."""
        turn = self._turns[client]
        self._turns[client] = turn + 1
        vote = self._dialect.vote(client, turn)
        self._cast[client] = time.perf_counter() if due is None else due
        fd = self._fds[client]
        if fd >= 0 and self._send[fd](vote) != len(vote):
            raise RuntimeError("a socket took only a part of a vote")

    def turn(self, within_s: float) -> None:
        """Wait for at most `within_s`, and read what has arrived."""
        receive, known, clock = self._receive, self._known, time.perf_counter
        for fd, what in self._epoll.poll(within_s, _EVENTS):
            if what & select.EPOLLOUT:
                self._connected(fd)
                continue
            try:
                data = receive[fd](_READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            version = known.get(data)
            if version is None:
                self._read(fd, data)
                continue
            self.totals += 1
            if (stamps := self.stamps) is not None:
                stamps.times.append(clock())
                stamps.clients.append(self._client[fd])
                stamps.versions.append(version)

    def close(self) -> None:
        """Cut every connection."""
        for one in self._sockets.values():
            one.close()
        self._sockets.clear()
        self._epoll.close()

    def _connected(self, fd: int) -> None:
        """The connection stands: send the opening."""
        self._epoll.modify(fd, select.EPOLLIN)
        opening = self._dialect.opening(self._client[fd])
        if not opening.startswith(b"GET ") or b"Upgrade:" not in opening:
            self._opening.discard(fd)
        try:
            self._send[fd](opening)
        except OSError:
            self._lose(fd)

    def _read(self, fd: int, data: bytes) -> None:
        """Everything that is not exactly one totals frame that was seen before."""
        if not data:
            self._lose(fd)
            return
        whole = data
        if self._rest and fd in self._rest:
            data = self._rest.pop(fd) + data
        if fd in self._opening:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest[fd] = head
                return
            self._opened(fd, head)
        messages, rest = self._dialect.split(data)
        if rest:
            self._rest[fd] = rest
        for opcode, payload in messages:
            if opcode == frames.TEXT:
                self._hear(fd, payload, whole if not rest and len(messages) == 1 else None)
            elif opcode == frames.PING:
                self._send[fd](frames.frame(payload, frames.PONG))
            elif opcode == frames.CLOSE:
                self._lose(fd)

    def _opened(self, fd: int, head: bytes) -> None:
        self._opening.discard(fd)
        if not head.startswith(b"HTTP/1.1 101"):
            self.errors[head[:40]] += 1
            self._lose(fd)
        elif greeting := self._dialect.greeting(self._client[fd]):
            self._send[fd](greeting)

    def _hear(self, fd: int, payload: bytes, whole: bytes | None) -> None:
        kind, version, reply = self._dialect.hear(payload)
        self.heard[kind] += 1
        client = self._client[fd]
        if reply:
            self._send[fd](reply)
        if kind is Kind.TOTALS:
            self._note_totals(client, version)
            if whole is not None and len(whole) == len(payload) + (4 if len(payload) > 125 else 2):
                self._remember(whole, version)
        elif kind is Kind.ACK:
            self._note_ack(client, version)
        elif kind is Kind.ENTERED and client in self._not_entered:
            self._not_entered.discard(client)
            self.entered_at[client] = time.perf_counter()
        elif kind is Kind.SHOWN and self.shown is not None:
            self.shown.note(client, version)
        elif kind is Kind.REFUSED:
            self.errors[payload[:200]] += 1
            if self.acked is not None:
                self.acked(client)

    def _remember(self, whole: bytes, version: int) -> None:
        if len(self._known) >= _KNOWN_FRAMES:
            self._known.clear()
        self._known[whole] = version

    def _note_totals(self, client: int, version: int) -> None:
        self.totals += 1
        if self.stamps is not None:
            self.stamps.note(client, version)

    def _note_ack(self, client: int, version: int) -> None:
        self.casts.cast.append(self._cast[client])
        self.casts.acked.append(time.perf_counter())
        self.casts.versions.append(version)
        if self.acked is not None:
            self.acked(client)

    def _lose(self, fd: int) -> None:
        """A connection that the server has ended."""
        one = self._sockets.pop(fd, None)
        if one is None:
            return
        self.lost += 1
        client = self._client[fd]
        self._fds[client] = -1
        self._not_entered.discard(client)
        self._opening.discard(fd)
        self._rest.pop(fd, None)
        self._epoll.unregister(fd)
        one.close()


def settle_heap() -> None:
    """Take what is there now out of the garbage collector's sight: it would stop the clients for tens of ms."""
    gc.collect()
    gc.freeze()
    gc.disable()
