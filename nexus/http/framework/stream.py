"""Answers too long for memory: produced as fast as possible into a file, and sent as fast as the client reads.

Producing an answer uses a database connection; a client that reads slowly must not keep it in use.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from typing import IO, NamedTuple

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from nexus.http.framework.client import WaitingClient, stopped

SENT_S = 3600.0
"""How long it may take to read all of them."""
PIECE_BYTES = 64 * 1024
"""The longest piece that is sent at once."""


class Opened(NamedTuple):
    """What is to be sent, and what its headers say of it."""

    headers: dict[str, str]
    pieces: AsyncIterator[bytes]


Pieces = Callable[[], AbstractAsyncContextManager[Opened]]
"""Opens what is to be sent, and releases it however producing it ends."""


@dataclass(frozen=True, slots=True)
class Stream:
    """What a handler answers piece by piece; `place` is held until everything is sent, and may refuse.

    A failure before the pieces are open is a proper refusal; a later one cuts the connection, so that nobody takes half
    an answer for a complete one.
    """

    pieces: Pieces
    media_type: str
    place: Callable[[], AbstractContextManager[None]]

    def response(self) -> Response:
        """As it goes out."""
        return _Streaming(self)


class _Streaming(Response):
    def __init__(self, stream: Stream) -> None:
        super().__init__(headers={"cache-control": "no-store"}, media_type=stream.media_type)
        del self.headers["content-length"]  # nobody knows it yet
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it all, unless the client leaves or takes too long. Raises what prevents the first piece."""
        with self._stream.place(), tempfile.TemporaryFile() as file:
            spool, client = _Spool(file, self._stream.pieces), WaitingClient(receive)
            try:
                self.headers.update(await client.stays_for(spool.opened))
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                if scope["method"] != "HEAD":
                    await self._send_all(spool, client, send)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            finally:
                client.forget()
                await spool.stop()

    async def _send_all(self, spool: _Spool, client: WaitingClient, send: Send) -> None:
        deadline = asyncio.get_running_loop().time() + SENT_S
        while piece := await client.stays_for(spool.next()):
            if asyncio.get_running_loop().time() > deadline:
                raise ClientDisconnect
            await send({"type": "http.response.body", "body": piece, "more_body": True})


class _Spool:
    """A file that one task fills and another reads."""

    def __init__(self, file: IO[bytes], pieces: Pieces) -> None:
        self._file = file
        self._pieces = pieces
        self._written = self._read = 0
        self._more = asyncio.Event()
        self.opened: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        """The headers, once it is known that there is something to send."""
        self._task = asyncio.create_task(self._fill(), name="export")

    async def next(self) -> bytes:
        """The next piece, empty at the end. Raises the failure that ended the filling."""
        while self._read == self._written:
            if self._task.done():
                self._task.result()
                return b""
            self._more.clear()
            await self._more.wait()
        self._file.seek(self._read)
        piece = self._file.read(min(PIECE_BYTES, self._written - self._read))
        self._read += len(piece)
        return piece

    async def stop(self) -> None:
        """Stop the filling, wherever it is."""
        await stopped(self._task)

    async def _fill(self) -> None:
        try:
            async with self._pieces() as (headers, pieces):
                self.opened.set_result(headers)
                async for piece in pieces:
                    self._file.seek(self._written)
                    self._file.write(piece)
                    self._written += len(piece)
                    self._more.set()
        except BaseException as error:
            if self.opened.done():
                raise
            self.opened.set_exception(error)
        finally:
            self._more.set()
            # Again once the task is done, for a reader that checks for that.
            asyncio.get_running_loop().call_soon(self._more.set)
