"""Sockets that do not do their part: they stop reading, fall silent, or never finish to shake hands."""

from __future__ import annotations

import asyncio

from tests.support.attacks.floods import paced
from tests.support.attacks.line import crowd, line_to
from tests.support.attacks.socket_frames import handshake, message, welcomed
from tests.support.attacks.target import Target

_WINDOW_BYTES = 4096
_DRIP_S = 0.5


async def stopped_readers(target: Target) -> None:
    """100 sockets that join a poll, stop reading (a zero window) and go on asking, each inside its limits."""
    await crowd(target.sockets(100), lambda: _stopped(target))


async def silent_peers(target: Target) -> None:
    """500 sockets that join a poll and are never heard of again (half-open)."""
    await crowd(target.sockets(500), lambda: _silent(target))


async def slow_handshakes(target: Target) -> None:
    """500 connections that send a handshake a byte at a time (Slowloris)."""
    await crowd(target.sockets(500), lambda: _slow(target))


async def _stopped(target: Target) -> None:
    async with welcomed(target, window_bytes=_WINDOW_BYTES) as line:
        await line.send(message({"type": "join", "poll": target.poll}))
        line.stop_reading()
        await paced(line, message({"type": "ping", "id": "x" * 200}))


async def _silent(target: Target) -> None:
    async with welcomed(target, window_bytes=_WINDOW_BYTES) as line:
        await line.send(message({"type": "join", "poll": target.poll}))
        line.stop_reading()
        await line.lost()


async def _slow(target: Target) -> None:
    async with line_to(target) as line:
        for byte in handshake(target):
            await line.send(bytes([byte]))
            await asyncio.sleep(_DRIP_S)
