"""Requests of HTTP as bytes, and a client that reads its answers one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.attacks.line import DONE
from tests.support.attacks.target import Target

ANSWER_S = 60.0
_READ_BYTES = 16 * 2**20


def request(target: Target, method: str, path: str, *, token: str = "", body: bytes | None = None) -> bytes:
    """A whole request."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {target.host}:{target.port}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


class Asking:
    """A connection that asks and reads whole answers. Raises OSError where it is closed, or not answered in time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, sent: bytes) -> bytes:
        """The body of the answer to a request."""
        async with asyncio.timeout(ANSWER_S):
            try:
                self._writer.write(sent)
                DONE.sent_bytes += len(sent)
                await self._writer.drain()
                head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
                return await self._body(head)
            except asyncio.IncompleteReadError:
                raise ConnectionResetError from None

    async def _body(self, head: bytes) -> bytes:
        if b"\r\ntransfer-encoding: chunked" in head:
            pieces = []
            while size := int(await self._reader.readuntil(b"\r\n"), 16):
                pieces.append((await self._reader.readexactly(size + 2))[:-2])
            await self._reader.readexactly(2)
            return b"".join(pieces)
        length = head.partition(b"\r\ncontent-length:")[2].partition(b"\r\n")[0]
        return await self._reader.readexactly(int(length or 0))


@asynccontextmanager
async def asking(target: Target) -> AsyncIterator[Asking]:
    """A client at the attacker's address."""
    async with asyncio.timeout(ANSWER_S):
        reader, writer = await asyncio.open_connection(
            target.host, target.port, local_addr=(target.source, 0), limit=_READ_BYTES
        )
    DONE.connections += 1
    try:
        yield Asking(reader, writer)
    finally:
        writer.transport.abort()
