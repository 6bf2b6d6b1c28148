"""Answers too long to hold: sent piece by piece, as fast as the client reads, and cut where it does not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NamedTuple

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

log = logging.getLogger("nexus.http")

READ_S = 30.0
"""For one piece: what a client holds meanwhile (a connection of the database) others may want."""


class Opened(NamedTuple):
    """What is to be sent, and what its headers say of it."""

    headers: dict[str, str]
    pieces: AsyncIterator[bytes]


Pieces = Callable[[], AbstractAsyncContextManager[Opened]]
"""Opens what is to be sent, and lets go of it however the sending ends."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a handler answers piece by piece: `pieces` are opened once the client is there to read them.

    The first piece is awaited before the status goes out, so what fails at the start is a proper refusal; what fails
    later cuts the connection, so that nobody takes half an answer for a whole one.
    """

    pieces: Pieces
    media_type: str

    def response(self) -> Response:
        """As it goes out."""
        return _Streaming(self)


class _Streaming(Response):
    def __init__(self, stream: Stream) -> None:
        super().__init__(headers={"cache-control": "no-store"}, media_type=stream.media_type)
        del self.headers["content-length"]  # nobody knows it yet
        self._pieces = stream.pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it all, unless the client leaves or reads nothing for `READ_S`."""
        client = Request(scope, receive)
        async with self._pieces() as (headers, pieces):
            self.headers.update(headers)
            first = await anext(pieces, b"")
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            if scope["method"] != "HEAD":
                await _send(send, first)
                async for piece in pieces:
                    if await client.is_disconnected():
                        log.info("%s: the client left before the end", scope["path"])
                        return
                    await _send(send, piece)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _send(send: Send, piece: bytes) -> None:
    try:
        async with asyncio.timeout(READ_S):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except TimeoutError:
        # Not the database's fault, which it would be taken for.
        log.info("a client has read nothing for %d s: its answer is cut off", READ_S)
        raise ClientDisconnect from None
