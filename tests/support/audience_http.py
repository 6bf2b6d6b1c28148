"""HTTP for a crowd: kept connections, and nothing else (a full client's cost a request would be most of the test)."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec

from tests.support.audience_acts import WAIT_S
from tests.support.values import Json


class HttpAnswer(NamedTuple):
    """An answer: its status and headers, and its body read as JSON, empty where there is none."""

    status: int
    headers: dict[str, str]
    body: Json

    def ok(self) -> Json:
        """The body of an answer that must be a success."""
        assert self.status < 300, self
        return self.body


FRESH_S = 2.0
"""A connection that was idle for longer may be closed by the server at any moment (5 s), and is not used again."""


class HttpConnections:
    """Connections to one server, at most `most` at once, each used again while it lasts."""

    def __init__(self, port: int, most: int) -> None:
        self._port = port
        self._idle: list[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._turn = asyncio.Semaphore(most)

    async def ask(self, method: str, path: str, body: object, headers: dict[str, str]) -> HttpAnswer:
        """One request, and its answer."""
        content = b"" if body is None else msgspec.json.encode(body)
        fields = {"Host": "nexus.test", "Content-Length": str(len(content)), **headers}
        if content:
            fields["Content-Type"] = "application/json"
        head = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
        request = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content
        async with self._turn, asyncio.timeout(WAIT_S):
            reader, writer = await self._connection()
            try:
                writer.write(request)
                reply = await _read(reader)
            except BaseException:
                writer.close()
                raise
        self._idle.append((asyncio.get_running_loop().time(), reader, writer))
        return reply

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while self._idle:
            since, reader, writer = self._idle.pop()
            if asyncio.get_running_loop().time() - since < FRESH_S:
                return reader, writer
            writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)

    async def close(self) -> None:
        """Close every connection."""
        for _, _, writer in self._idle:
            writer.close()
            await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> HttpAnswer:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    content = await reader.readexactly(int(headers.get("content-length", 0)))
    return HttpAnswer(int(first.split()[1]), headers, msgspec.json.decode(content, type=Json) if content else {})
