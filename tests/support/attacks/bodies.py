"""Bodies of HTTP that are slow, endless or deep."""

from __future__ import annotations

import asyncio

from tests.support.attacks.line import crowd, line_to
from tests.support.attacks.requests import asking, request
from tests.support.attacks.target import Target

_DRIP_S = 0.5
_SLOW_BYTES = 60_000
_EXTENSION_BYTES = 16 * 1024
_DEEP = 30_000


async def chunk_extensions(target: Target) -> None:
    """200 chunked bodies with endless chunk extensions."""
    await crowd(target.sockets(200), lambda: _extensions(target))


async def slow_bodies(target: Target) -> None:
    """500 bodies that come a byte at a time."""
    await crowd(target.sockets(500), lambda: _slow(target))


async def deep_bodies(target: Target) -> None:
    """50 clients that post JSON nested 30,000 deep, as fast as they are answered."""
    await crowd(target.sockets(50), lambda: _deep(target))


def _head(target: Target, length: str) -> bytes:
    """The head of a request whose body has not begun; `length` is the header that says how long it is."""
    return request(target, "POST", "/polls/", token=target.user).removesuffix(b"\r\n") + (
        f"Content-Type: application/json\r\n{length}\r\n\r\n".encode()
    )


async def _extensions(target: Target) -> None:
    async with line_to(target) as line:
        await line.send(_head(target, "Transfer-Encoding: chunked") + b"1;x=")
        while True:
            await line.send(b"x" * _EXTENSION_BYTES)


async def _slow(target: Target) -> None:
    async with line_to(target) as line:
        await line.send(_head(target, f"Content-Length: {_SLOW_BYTES}"))
        for _ in range(_SLOW_BYTES):
            await line.send(b" ")
            await asyncio.sleep(_DRIP_S)


async def _deep(target: Target) -> None:
    sent = request(target, "POST", "/polls/", token=target.user, body=b"[" * _DEEP + b"]" * _DEEP)
    async with asking(target) as client:
        while True:
            await client.ask(sent)
