"""A scripted server for tests of the Python client: it does what a real one seldom does."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from nexus.client import Nexus, Patience, Room, connect
from tests.support.values import Json
from tests.support.waiting import soon

NOW = "2026-11-22T19:00:00Z"


class Peer:
    """The server's end of one socket."""

    def __init__(self, socket: ServerConnection) -> None:
        self.socket = socket

    async def hear(self, kind: str) -> Json:
        """The next message, which must be of this kind."""
        message: Json = json.loads(await soon(self.socket.recv()))
        assert message["type"] == kind, message
        return message

    async def say(self, **message: object) -> None:
        await self.socket.send(json.dumps(message))

    async def welcome(self) -> str:
        """Hear a hello, and welcome it: the token."""
        hello = await self.hear("hello")
        await self.say(type="welcome", voter="user:7", expires_at=NOW, server_now=NOW)
        return str(hello["token"])

    async def ack(self, vote: Json, status: str = "recorded") -> None:
        place = {"epoch": 1, "version": 2}
        await self.say(type="ack", op=vote["op"], poll=vote["poll"], status=status, stands=True, **place)

    async def joined(self, totals: Json | None) -> None:
        await self.say(type="joined", poll=POLL, totals=totals, me=[], role="voter", news="passed over")

    async def entered(self, event: Json, *inside: Json | None) -> None:
        """Answer a join with an event, and the poll and totals inside; without them it shows nothing."""
        poll, shown = inside or (None, None)
        await self.say(type="entered", event=event, role="voter", poll=poll, totals=shown, me=[], news="passed over")


class ScriptedServer:
    """A server whose every socket is a `Peer`, which says what the test makes it say."""

    def __init__(self) -> None:
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self.url = ""
        self.cuts = False
        """Whether sockets are cut before a word is said."""

    async def peer(self) -> Peer:
        return await soon(self._peers.get())

    async def meet(self, socket: ServerConnection) -> None:
        if self.cuts:
            socket.transport.abort()
        self._peers.put_nowait(Peer(socket))
        await socket.wait_closed()


@asynccontextmanager
async def open_scripted_server() -> AsyncIterator[ScriptedServer]:
    """A server that clients can connect to."""
    server = ScriptedServer()
    protocols = [Subprotocol("nexus.v1")]
    async with serve(server.meet, "127.0.0.1", 0, subprotocols=protocols, close_timeout=1) as listening:
        server.url = f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/ws"
        yield server


@asynccontextmanager
async def meeting(
    server: ScriptedServer, token: str | Callable[[], Awaitable[str]] = "token", **patience: float
) -> AsyncIterator[tuple[Nexus, Peer]]:
    """A client that has been welcomed, and the server's end of it."""
    coming = asyncio.create_task(welcomed(server))
    async with connect(server.url, token, patience=Patience(**patience)) as nexus:
        yield nexus, await coming


async def welcomed(server: ScriptedServer) -> Peer:
    """The next socket, whose client has been welcomed."""
    peer = await server.peer()
    await peer.welcome()
    return peer


def totals(version: int, *, epoch: int = 1, full: bool = True, **more: object) -> Json:
    """A totals frame of the only poll."""
    count = version if full else None
    return {
        "type": "totals",
        "poll": 7,
        "epoch": epoch,
        "version": version,
        "status": "open",
        "visibility": "full" if full else "turnout",
        "final": False,
        "voters": version,
        "total_votes": version,
        "options": [{"id": 12, "votes_count": count}],
        "server_now": NOW,
        **more,
    }


POLL: Json = {
    "id": 7,
    "code": "K7M2QP",
    "question": "Which?",
    "status": "open",
    "options": [{"id": 12, "option_text": "Yes", "position": 0, "votes_count": 0}],
    "epoch": 1,
    "version": 1,
}


async def entered(nexus: Nexus, peer: Peer) -> Room:
    """The room of the only poll, at version 5."""
    joining = asyncio.create_task(nexus.join(7))
    await peer.hear("join")
    await peer.joined(totals(5))
    return await soon(joining)
