"""Floods of messages, each of which a client might send."""

from __future__ import annotations

import asyncio
import time

from tests.support.attacks.line import Line, crowd
from tests.support.attacks.socket_frames import message, welcomed
from tests.support.attacks.target import Target

RATE = 90
"""Messages a second from a socket: what one may send by itself is 100."""
_LONG = "x" * 16_000


async def paced(line: Line, frames: bytes, each: int = 1) -> None:
    """Send RATE messages a second, `each` of which are `frames`, whatever the server makes of them.

    One at a time, which costs the server a read for each.
    """
    due = time.monotonic()
    while True:
        await line.send(frames)
        due = max(due + each / RATE, time.monotonic())
        await asyncio.sleep(due - time.monotonic())


async def small_pings(target: Target) -> None:
    """400 sockets of one guest, each inside its limits: 90 small pings a second."""
    await crowd(target.sockets(400), lambda: _paced(target, message({"type": "ping"})))


async def long_pings(target: Target) -> None:
    """50 sockets of pings near 16 KiB as fast as they go, closed and back at once."""
    await crowd(target.sockets(50), lambda: _fast(target, message({"type": "ping", "id": _LONG})))


async def fast_pings(target: Target) -> None:
    """50 sockets of small pings as fast as they go, closed and back at once."""
    many = message({"type": "ping", "id": 1}) * 500
    await crowd(target.sockets(50), lambda: _fast(target, many))


async def joins(target: Target) -> None:
    """50 sockets that join and leave a poll, each inside its limits."""
    both = message({"type": "join", "poll": target.poll}) + message({"type": "leave", "poll": target.poll})
    await crowd(target.sockets(50), lambda: _paced(target, both, each=2))


async def _paced(target: Target, frames: bytes, each: int = 1) -> None:
    async with welcomed(target) as line:
        await paced(line, frames, each)


async def _fast(target: Target, frames: bytes) -> None:
    async with welcomed(target) as line:
        while True:
            await line.send(frames)
