"""The floor: a server that speaks enough of `nexus.v1` for the generator, and does nothing else.

    python -m bench.baselines.floor PORT write
    python -m bench.baselines.floor PORT broadcast

No framework, no database, no check of anything: fixed answers, and for each vote one frame that is made once and
written to every socket in the room. `write` is a bare asyncio protocol and `transport.write`; `broadcast` is the
websockets library with its `broadcast`. Both on uvloop, as Nexus is.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gc
import hashlib
import struct
import sys
from typing import cast

import uvloop
from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_BACKLOG = 4096

WELCOME = (
    b'{"type":"welcome","voter":"user:1000","expires_at":"2030-01-01T00:00:00Z","server_now":"2030-01-01T00:00:00Z"}'
)
JOINED = (
    b'{"type":"joined","poll":{"id":1,"code":"K7M2QP","question":"Which?","description":"","category":null,'
    b'"created_by":"user:1","is_public":true,"status":"open","opens_at":null,"expires_at":null,"closed_at":null,'
    b'"max_choices":1,"votes_per_user":1,"allow_change":true,"allow_guests":true,"anonymous":true,"results":"live",'
    b'"options":[{"id":1,"option_text":"Yes","position":0,"votes_count":5},{"id":2,"option_text":"No","position":1,'
    b'"votes_count":5}],"epoch":1,"version":42,"corrected_at":null,"created_at":"2030-01-01T00:00:00Z",'
    b'"updated_at":"2030-01-01T00:00:00Z"},"totals":null,"me":[],"role":"voter"}'
)
ACK = b'{"type":"ack","op":"%s","poll":1,"status":"recorded","epoch":1,"version":%d,"stands":true}'
TOTALS = (
    b'{"type":"totals","poll":1,"epoch":1,"version":%d,"status":"open","visibility":"full","final":false,"voters":9,'
    b'"total_votes":9,"options":[{"id":1,"votes_count":5},{"id":2,"votes_count":5}],'
    b'"server_now":"2030-01-01T00:00:00.000000Z"}'
)


def _frame(payload: bytes) -> bytes:
    size = len(payload)
    head = struct.pack("!BB", 0x81, size) if size < 126 else struct.pack("!BBH", 0x81, 126, size)
    return head + payload


class Room:
    """Every socket, and the number of votes."""

    def __init__(self) -> None:
        self.version = 1
        self.transports: set[asyncio.Transport] = set()
        self.connections: set[ServerConnection] = set()

    def vote(self) -> bytes:
        """Count a vote; returns the totals."""
        self.version += 1
        return TOTALS % self.version


class Bare(asyncio.Protocol):
    """One connection, from its handshake on."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._open = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._transport is not None:
            self._room.transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        if not self._open:
            self._open = True
            at = data.index(b"Sec-WebSocket-Key: ") + 19
            key = data[at : data.index(b"\r\n", at)]
            accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
            self._transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Protocol: nexus.v1\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
            )
            return
        # The generator's mask is of zeros, so its texts can be searched as they are.
        if b'"type":"hello"' in data:
            self._transport.write(_frame(WELCOME))
        if b'"type":"join"' in data:
            self._room.transports.add(self._transport)
            self._transport.write(_frame(JOINED))
        if (at := data.find(b'"op":"')) >= 0:
            totals = _frame(self._room.vote())
            self._transport.write(_frame(ACK % (data[at + 6 : at + 42], self._room.version)))
            for transport in self._room.transports:
                transport.write(totals)


async def bare(port: int) -> None:
    """Serve until the process ends."""
    room = Room()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Bare(room), "127.0.0.1", port, backlog=_BACKLOG)
    await server.serve_forever()


async def library(port: int) -> None:
    """Serve with the websockets library until the process ends."""
    room = Room()

    async def handle(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in connection:
                await answer(connection, message.encode() if isinstance(message, str) else message)
        room.connections.discard(connection)

    async def answer(connection: ServerConnection, message: bytes) -> None:
        if message.startswith(b'{"type":"hello"'):
            await connection.send(WELCOME, text=True)
        elif message.startswith(b'{"type":"join"'):
            room.connections.add(connection)
            await connection.send(JOINED, text=True)
        else:
            totals = room.vote().decode()
            await connection.send(ACK % (message[21:57], room.version), text=True)
            broadcast(room.connections, totals)

    async with serve(handle, "127.0.0.1", port, compression=None, backlog=_BACKLOG) as server:
        await server.serve_forever()


def main() -> None:
    """Serve one of the two."""
    port, kind = int(sys.argv[1]), sys.argv[2]
    gc.freeze()
    uvloop.run(bare(port) if kind == "write" else library(port))


if __name__ == "__main__":
    main()
