"""HTTP for a crowd: kept connections, and nothing else (a full client's cost a request would be most of the test)."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import msgspec

from tests.audience_acts import WAIT_S, Json


class Reply(NamedTuple):
    """An answer: its status and headers, and its body read as JSON, empty where there is none."""

    status: int
    headers: dict[str, str]
    body: Json

    def ok(self) -> Json:
        """The body of an answer that must be a success."""
        assert self.status < 300, self
        return self.body


class Lines:
    """Connections to one server, at most `most` at once, each used again while it lasts."""

    def __init__(self, port: int, most: int) -> None:
        self._port = port
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._turn = asyncio.Semaphore(most)

    async def ask(self, method: str, path: str, body: object, headers: dict[str, str]) -> Reply:
        """One request, and its answer."""
        content = b"" if body is None else msgspec.json.encode(body)
        fields = {"Host": "nexus.test", "Content-Length": str(len(content)), **headers}
        if content:
            fields["Content-Type"] = "application/json"
        head = "".join(f"{name}: {text}\r\n" for name, text in fields.items())
        request = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content
        async with self._turn, asyncio.timeout(WAIT_S):
            line = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
            line[1].write(request)
            reply = await _read(line[0])
        self._idle.append(line)
        return reply

    async def close(self) -> None:
        """Close every connection."""
        for _, writer in self._idle:
            writer.close()
            await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Reply:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    content = await reader.readexactly(int(headers.get("content-length", 0)))
    return Reply(int(first.split()[1]), headers, msgspec.json.decode(content, type=Json) if content else {})
