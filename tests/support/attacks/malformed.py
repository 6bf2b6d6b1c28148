"""Messages and frames that no client sends: deep ones, empty ones, endless ones."""

from __future__ import annotations

from uuid import UUID

from tests.support.attacks.line import crowd
from tests.support.attacks.socket_frames import CONTINUATION, TEXT, frame, welcomed
from tests.support.attacks.target import Target

_DEEP, _DEEP_VOTE = 16_000, 7_900
_HUGE_BYTES = 2**62
_GIANT_BYTES = 1024 * 1024


async def deep_arrays(target: Target) -> None:
    """30 sockets of arrays nested 16,000 deep as fast as they go, closed and back at once."""
    await crowd(target.sockets(30), lambda: _endless(target, b"", frame(b"[" * _DEEP)))


async def deep_votes(target: Target) -> None:
    """30 sockets of votes nested 7,900 deep as fast as they go, closed and back at once."""
    options = b"[" * _DEEP_VOTE + b"]" * _DEEP_VOTE
    head = f'{{"type":"vote","op":"{UUID(int=1)}","poll":{target.poll},"options":'.encode()
    await crowd(target.sockets(30), lambda: _endless(target, b"", frame(head + options + b"}")))


async def empty_fragments(target: Target) -> None:
    """50 sockets of empty fragments of one message, as fast as they go."""
    begin, more = frame(b"", TEXT, last=False), frame(b"", CONTINUATION, last=False) * 2_000
    await crowd(target.sockets(50), lambda: _endless(target, begin, more))


async def announced_giants(target: Target) -> None:
    """30 sockets of frames that announce 2^62 bytes, closed and back at once."""
    await crowd(target.sockets(30), lambda: _endless(target, frame(b"", says=_HUGE_BYTES), b"x" * 65_536))


async def giant_frames(target: Target) -> None:
    """30 sockets of messages of 1 MiB, closed and back at once."""
    await crowd(target.sockets(30), lambda: _endless(target, b"", frame(b"x" * _GIANT_BYTES)))


async def invalid_utf8(target: Target) -> None:
    """50 sockets of text that is none, reserved bits and unknown opcodes, closed and back at once."""
    wrong = frame(b"\xff\xfe" * 50) + frame(b"{}", 0x71) + frame(b"{}", 0x0B)
    await crowd(target.sockets(50), lambda: _endless(target, b"", wrong))


async def _endless(target: Target, first: bytes, more: bytes) -> None:
    async with welcomed(target) as line:
        await line.send(first)
        while True:
            await line.send(more)
