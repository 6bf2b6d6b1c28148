"""Simulated voters over real sockets and HTTP: they do what they are told, and watch what they are shown.

A socket that was shown what breaks a promise fails the test when the audience leaves.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.support.audience_acts import WAIT_S, Answer, SentAct, answer_of
from tests.support.audience_http import HttpAnswer, HttpConnections
from tests.support.audience_socket import Socket
from tests.support.frame_checker import FrameChecker
from tests.support.promised import NEWEST_S
from tests.support.redis_server import running_redis
from tests.support.served import Server, ending, serving
from tests.support.values import Json

HTTP_AT_ONCE = 32

AnySocket = TypeVar("AnySocket", bound=Socket)


class Device:
    """One device of a voter at one server: HTTP calls, and any number of sockets."""

    def __init__(self, audience: Audience, subject: str, token: str) -> None:
        self.subject = subject
        self.token = token
        self._door = audience

    async def connect(self, *, keep: bool = True) -> Socket:
        """A socket that has said hello."""
        socket = await self._door.socket(keep=keep)
        socket.send(type="hello", token=self.token)
        await socket.until(lambda: socket.voter is not None, "a welcome")
        return socket

    async def watch(self, poll: Json) -> Socket:
        """A socket in the room of a poll."""
        socket = await self.connect()
        await socket.join(poll["id"])
        return socket

    async def call(self, method: str, path: str, body: object = None, *, op: str = "") -> HttpAnswer:
        """One HTTP call as this voter."""
        return await self._door.call(method, path, body, token=self.token, op=op)

    async def get(self, path: str) -> Json:
        """What a path holds, which must be there."""
        return (await self.call("GET", path)).ok()

    async def post(self, path: str, body: object = None) -> Json:
        """What a POST answers, which must succeed."""
        return (await self.call("POST", path, body)).ok()

    async def patch(self, path: str, body: object) -> Json:
        """What a PATCH answers, which must succeed."""
        return (await self.call("PATCH", path, body)).ok()

    async def poll(self, *texts: str, **fields: object) -> Json:
        """A new poll of this device's voter."""
        options = [{"option_text": text} for text in texts or ("Yes", "No", "Maybe")]
        return await self.post("/polls/", {"question": "Which?", "options": options, **fields})

    async def act(self, act: SentAct) -> Answer:
        """Send an act over HTTP, and wait for its answer."""
        path, op = f"/polls/{act.poll}/vote/", act.op
        if act.options is None:
            query = f"?ballot={act.ballot}" if act.ballot else ""
            answer = await self.call("DELETE", path + query, op=op)
        else:
            answer = await self.call("POST", path, act.named(), op=op)
        return answer_of(answer.body)


class Audience:
    """The simulated voters of one server: makes their devices, and closes them."""

    def __init__(self, server: Server, checker: FrameChecker | None = None) -> None:
        self.server = server
        self.sockets: list[Socket] = []
        self.checker = checker or FrameChecker()
        self._connections = HttpConnections(server.port, HTTP_AT_ONCE)

    def device(self, subject: str, *roles: str, polls: list[int] | None = None, event: int | None = None) -> Device:
        """A device of a voter; its token is minted here."""
        return Device(self, subject, self.server.token(subject, *roles, polls=polls, event=event))

    @property
    def host(self) -> Device:
        """A device of the one who creates the polls."""
        return self.device("user:1", "user")

    def voter(self, n: int) -> Device:
        """A device of the n-th voter."""
        return self.device(f"user:{1000 + n}", "user")

    async def socket(self, *, keep: bool = True) -> Socket:
        """An open WebSocket, without a hello."""
        return await self.open(Socket(self.checker, keep=keep))

    async def open(self, socket: AnySocket) -> AnySocket:
        """The same, of a socket that was made elsewhere."""
        loop = asyncio.get_running_loop()
        await asyncio.wait_for(loop.create_connection(lambda: socket, "127.0.0.1", self.server.port), WAIT_S)
        self.sockets.append(socket)
        assert await asyncio.wait_for(socket.opened, WAIT_S) == 101
        return socket

    async def call(self, method: str, path: str, body: object, *, token: str, op: str) -> HttpAnswer:
        """One HTTP call."""
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": op} if op else {})
        return await self._connections.ask(method, path, body, headers)

    async def close(self) -> None:
        """Close every socket; fails where one was shown what breaks a promise."""
        await asyncio.gather(self._connections.close(), *(socket.close() for socket in self.sockets))
        breaches = self.checker.breaches + [breach for socket in self.sockets for breach in socket.breaches]
        assert not breaches, breaches[:5]


Audiences = tuple[Audience, Audience]
"""Those of two workers."""


@asynccontextmanager
async def audience_of(server: Server, checker: FrameChecker | None = None) -> AsyncIterator[Audience]:
    """The audience of a server; audiences with the same `checker` must show the same."""
    audience = Audience(server, checker)
    try:
        yield audience
    except BaseException:
        for socket in audience.sockets:
            socket.abort()
        raise
    await audience.close()


@asynccontextmanager
async def one_worker(folder: Path, database_url: str) -> AsyncIterator[Audience]:
    """A server of its own, with the in-process bus."""
    async with serving(folder, database_url) as server, audience_of(server) as audience:
        yield audience


@asynccontextmanager
async def two_servers(folder: Path, database_url: str, **environment: Any) -> AsyncIterator[tuple[Server, Server]]:
    """Two workers over one database and one Redis, each with an address of its own: so a test can choose."""
    with running_redis() as redis:
        one, other = (Server(folder / name, database_url, redis.url, **environment) for name in ("one", "other"))
        async with ending(one), ending(other):
            await asyncio.gather(one.start(), other.start())
            yield one, other


@asynccontextmanager
async def audiences_of(servers: tuple[Server, Server]) -> AsyncIterator[Audiences]:
    """The audiences of two workers, which must show the same."""
    checker = FrameChecker()
    async with audience_of(servers[0], checker) as audience, audience_of(servers[1], checker) as other:
        yield audience, other


@asynccontextmanager
async def two_workers(folder: Path, database_url: str) -> AsyncIterator[Audiences]:
    """The audiences of `two_servers` of their own."""
    async with two_servers(folder, database_url) as servers, audiences_of(servers) as audiences:
        yield audiences


def place(view: Json) -> tuple[int, int]:
    """Where a view stands in the order of totals."""
    return view["epoch"], view["version"]


async def arrive(place: tuple[int, int], poll: Json, *sockets: Socket) -> None:
    """Every socket is shown `place` or newer in time."""
    for socket in sockets:
        await _arrives(place, poll["id"], socket)


async def _arrives(place: tuple[int, int], poll: int, socket: Socket) -> None:
    await socket.until(lambda: socket.shown[poll].place >= place, f"{place}", NEWEST_S)
