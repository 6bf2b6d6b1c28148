"""A connection of an attacker, which reads and throws away, and the many of them that come back whatever happens."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.support.attacks.target import Target

OPEN_S = 30.0
"""To be let in; a server under attack may be slow."""
KEPT_BYTES = 4096
"""Of what is read, to look for an answer in."""
UNSENT_BYTES = 64 * 1024
BACK_S = 0.02
"""Before a lost connection is made again: at once, but for a breath."""


@dataclass
class Done:
    """What this attacker has done: connections that were taken, and bytes that it sent on them."""

    connections: int = 0
    sent_bytes: int = 0


DONE = Done()


class Line(asyncio.Protocol):
    """One connection. `send` waits while the server does not read. Raises ConnectionError where it is closed."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.heard = bytearray()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._news = asyncio.Event()
        self._closed = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(UNSENT_BYTES)
        DONE.connections += 1

    def data_received(self, data: bytes) -> None:
        if _ends_with_close(data) and self.transport is not None:
            self.transport.abort()  # and come back at once
        if len(self.heard) < KEPT_BYTES:
            self.heard += data[:KEPT_BYTES]
            self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()
        self._news.set()
        self._flowing.set()

    def pause_writing(self) -> None:
        self._flowing.clear()

    def resume_writing(self) -> None:
        self._flowing.set()

    async def send(self, data: bytes) -> None:
        """Send, and wait until most of it is on its way."""
        assert self.transport is not None
        if self.transport.is_closing():
            raise ConnectionResetError
        self.transport.write(data)
        DONE.sent_bytes += len(data)
        await asyncio.sleep(0)  # where the server takes everything, the other sockets have their turn
        await self._flowing.wait()

    async def until_heard(self, text: bytes) -> None:
        """Return once the server has said `text`. Raises TimeoutError."""
        async with asyncio.timeout(OPEN_S):
            while text not in self.heard:
                if self._closed.is_set():
                    raise ConnectionResetError
                self._news.clear()
                await self._news.wait()

    def stop_reading(self) -> None:
        """Never read again: the window goes to zero."""
        assert self.transport is not None
        self.transport.pause_reading()

    async def lost(self) -> None:
        """Wait until it is closed. Raises ConnectionResetError then."""
        await self._closed.wait()
        raise ConnectionResetError


def _ends_with_close(data: bytes) -> bool:
    """Whether the last that was read is a frame that closes a socket: opcode 8 and a length (RFC 6455, 5.5.1)."""
    at = data.rfind(b"\x88", -127)
    return 0 <= at < len(data) - 1 and data[at + 1] == len(data) - at - 2


@asynccontextmanager
async def line_to(target: Target, *, window_bytes: int = 0) -> AsyncIterator[Line]:
    """A connection from the attacker's address; `window_bytes` keeps what the kernel reads for it small."""
    plain = socket.socket()
    plain.setblocking(False)
    if window_bytes:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window_bytes)
    loop = asyncio.get_running_loop()
    try:
        plain.bind((target.source, 0))
        async with asyncio.timeout(OPEN_S):
            await loop.sock_connect(plain, (target.host, target.port))
            transport, line = await loop.create_connection(Line, sock=plain)
    except BaseException:
        plain.close()
        raise
    try:
        yield line
    finally:
        transport.abort()


async def crowd(n: int, act: Callable[[], Awaitable[None]]) -> None:
    """`n` attackers that `act` over and over, each with its connection, without end."""
    await asyncio.gather(*(_again(act) for _ in range(n)))


async def _again(act: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await act()
        except OSError:  # closed, refused, or not let in: a time-out is one too
            await asyncio.sleep(BACK_S)
