"""Frames of a WebSocket (RFC 6455) as bytes, right ones and wrong ones, and a socket that was welcomed."""

from __future__ import annotations

import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.attacks.line import Line, line_to
from tests.support.attacks.target import Target

TEXT, CONTINUATION = 1, 0
_MASK = bytes(4)  # of zeros: the payload stays as it is, and costs nothing to mask
_KEY = "dGhlIHNhbXBsZSBub25jZQ=="


def frame(payload: bytes, opcode: int = TEXT, *, last: bool = True, says: int | None = None) -> bytes:
    """A frame; `says` is the length that it announces, where that is not the payload's."""
    size = len(payload) if says is None else says
    first = bytes([opcode | (0x80 if last else 0)])
    if size < 126:
        return first + bytes([0x80 | size]) + _MASK + payload
    if size < 2**16:
        return first + bytes([0x80 | 126]) + struct.pack("!H", size) + _MASK + payload
    return first + bytes([0x80 | 127]) + struct.pack("!Q", size) + _MASK + payload


def message(body: object) -> bytes:
    """A message of JSON as a frame."""
    return frame(json.dumps(body).encode())


def handshake(target: Target) -> bytes:
    """The request that opens a socket."""
    head = (
        f"GET /ws HTTP/1.1\r\nHost: {target.host}:{target.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: nexus.v1\r\n\r\n"
    )
    return head.encode()


async def shake_hands(target: Target, line: Line) -> None:
    """Open a socket on a connection."""
    await line.send(handshake(target))
    await line.until_heard(b" 101 ")


@asynccontextmanager
async def welcomed(target: Target, *, window_bytes: int = 0) -> AsyncIterator[Line]:
    """A socket of the attacker's guest."""
    async with line_to(target, window_bytes=window_bytes) as line:
        await shake_hands(target, line)
        await line.send(message({"type": "hello", "token": target.token}))
        await line.until_heard(b'"welcome"')
        yield line
