"""What the tests of the WebSocket edge share: a whole worker in this process, and clients that record every frame."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Literal

import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from nexus.app import Worker, application
from nexus.domain.definition import PollPatch
from nexus.domain.identity import Identity
from nexus.domain.poll import Place, Poll
from nexus.settings import Settings
from nexus.store import polls
from nexus.store.database import Database
from nexus.ws.protocol import SocketProtocol
from tests.support.ballots import HOST
from tests.support.documented import check_frame
from tests.support.rest import KEY, TABLES
from tests.support.values import Json, new_op
from tests.support.waiting import until

Turn = Callable[[Database, int, Identity], Awaitable[Poll]]

WITHIN_S = 30.0
ANSWERS = ("ack", "reject", "retry")


class SocketClient:
    """One socket. Frames are kept in order, and must be documented; `expect` takes each of them at most once."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Json] = []
        self._untaken: list[Json] = []
        self._came = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for text in self.connection:
                frame = json.loads(text)
                check_frame(frame)
                self.frames.append(frame)
                self._untaken.append(frame)
                self._came.set()
        except ConnectionClosed:
            pass
        finally:
            self._came.set()

    async def send(self, type: str, **fields: object) -> None:  # noqa: A002 - the message's own field
        """Send one message."""
        await self.connection.send(json.dumps({"type": type, **fields}))

    async def expect(self, *types: str, **fields: object) -> Json:
        """The first frame not taken before that has one of these types and all of these fields; bounded."""
        try:
            async with asyncio.timeout(WITHIN_S):
                while True:
                    for frame in self._untaken:
                        if frame["type"] in types and frame.items() >= fields.items():
                            self._untaken.remove(frame)
                            return frame
                    assert not self._reader.done(), f"closed without {types} {fields}: {self.frames}"
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            raise AssertionError(f"no {types} {fields} in time: {self.frames}") from None

    async def closed(self) -> int:
        """The code with which the server closes; bounded."""
        await asyncio.wait_for(asyncio.shield(self._reader), WITHIN_S)
        code = self.connection.close_code
        assert code is not None
        return code

    async def hello(self, token: str) -> Json:
        """Say who this is; the welcome."""
        await self.send("hello", token=token)
        return await self.expect("welcome")

    async def join(self, poll: Poll, **known: int) -> Json:
        """Join a poll's room by its id; what was joined."""
        await self.send("join", poll=poll.id, **known)
        return await self.expect("joined")

    async def vote(self, poll: Poll, *places: int, op: str = "", **fields: object) -> Json:
        """Vote for the options at `places`; the answer, whatever it is."""
        return await self.answer(await self.send_vote(poll, *places, op=op, **fields))

    async def send_vote(self, poll: Poll, *places: int, op: str = "", **fields: object) -> str:
        """Vote without waiting; the op."""
        op = op or new_op()
        await self.send("vote", op=op, poll=poll.id, options=[poll.options[n].id for n in places], **fields)
        return op

    async def retract(self, poll: Poll, op: str = "", **fields: object) -> Json:
        """Withdraw ballots; the answer."""
        op = op or new_op()
        await self.send("retract", op=op, poll=poll.id, **fields)
        return await self.answer(op)

    async def answer(self, op: str) -> Json:
        """What an op is answered: an ack, a reject or a retry."""
        return await self.expect(*ANSWERS, op=op)

    async def pong(self) -> Json:
        """Have everything before this answered that does not wait; the pong."""
        ping = new_op()
        await self.send("ping", id=ping)
        return await self.expect("pong", id=ping)

    async def totals(self, version: int, **fields: object) -> Json:
        """The first totals of `version` or newer that have these fields."""
        while True:
            frame = await self.expect("totals", **fields)
            if frame["version"] >= version:
                return frame

    def places(self, poll: Poll) -> list[Place]:
        """Where the totals stand that this socket was sent of `poll`, in order, those of `joined` included."""
        found = []
        for frame in self.frames:
            totals = frame["totals"] if frame["type"] == "joined" else frame
            if totals and totals["type"] == "totals" and totals["poll"] == poll.id:
                found.append(Place(totals["epoch"], totals["version"]))
        return found

    async def leave(self) -> None:
        """Close from this side."""
        await self.connection.close()
        await self._reader


@dataclass
class SocketServer:
    """A running worker and its address."""

    worker: Worker
    port: int
    server: uvicorn.Server

    @property
    def url(self) -> str:
        """Where its sockets are."""
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def database(self) -> Database:
        """The worker's own pool."""
        return self.worker.database

    def token(self, by: Identity, ttl_s: int = 900) -> str:
        """An access token of somebody."""
        return self.worker.tokens.access(by.voter, by.roles, ttl_s, by.polls, by.login)

    @asynccontextmanager
    async def socket(
        self,
        *,
        authorization: str = "",
        origin: str | None = None,
        subprotocols: Sequence[str] = ("nexus.v1",),
    ) -> AsyncIterator[SocketClient]:
        """A socket that has said nothing yet."""
        async with connect(
            self.url,
            compression=None,
            proxy=None,
            subprotocols=[Subprotocol(one) for one in subprotocols] or None,
            additional_headers={"Authorization": authorization} if authorization else None,
            origin=Origin(origin) if origin is not None else None,
        ) as connection:
            client = SocketClient(connection)
            try:
                yield client
            finally:
                await client.leave()

    @asynccontextmanager
    async def client(self, by: Identity) -> AsyncIterator[SocketClient]:
        """A socket that has been welcomed."""
        async with self.socket() as client:
            await client.hello(self.token(by))
            yield client

    async def refused(self, **handshake: Any) -> int:
        """The status with which a handshake is refused."""
        try:
            async with self.socket(**handshake):
                raise AssertionError("the handshake was accepted")
        except InvalidStatus as error:
            return error.response.status_code

    async def turn(self, turn: Turn, poll: Poll, by: Identity = HOST) -> Poll:
        """Open, close or reset a poll, as its host does over HTTP."""
        changed = await turn(self.database, poll.id, by)
        self.worker.tallies.poll_changed(changed)
        return changed

    async def dump(self) -> Mapping[str, Sequence[str]]:
        """Every row of every table."""
        async with self.database.read() as connection:
            return {
                table: [row["t"] for row in await connection.all(f"SELECT t::text FROM {table} AS t ORDER BY t::text")]
                for table in TABLES
            }


@asynccontextmanager
async def nothing_changes(ws: SocketServer) -> AsyncIterator[None]:
    """No row of any table differs afterwards."""
    before = await ws.dump()
    yield
    assert await ws.dump() == before


async def error_of(client: SocketClient, text: str) -> Json:
    """The error that a text is answered with, and nothing else; the socket stays open."""
    seen = len(client.frames)
    await client.connection.send(text)
    error = await client.expect("error")
    await client.pong()
    assert [frame["type"] for frame in client.frames[seen:]] == ["error", "pong"], text[:200]
    assert error.keys() == {"type", "code", "detail", "of"}
    assert error["detail"]
    return error


def counts(shown: Json) -> list[int | None]:
    """The counts of a poll or of totals, in the poll's order."""
    return [option["votes_count"] for option in shown["options"]]


async def patch(ws: SocketServer, poll: Poll, **fields: Any) -> Poll:
    """Change a poll, as its host does over HTTP."""
    changed = await polls.patch(ws.database, poll.id, PollPatch(**fields), HOST)
    ws.worker.tallies.poll_changed(changed)
    return changed


def screen(poll: Poll) -> Identity:
    """A projector of a poll."""
    return Identity(poll.created_by, frozenset({"screen"}), frozenset({poll.id}), 4e9)


@asynccontextmanager
async def open_socket_server(
    database_url: str,
    *,
    hello_s: float = 10.0,
    ws: type[asyncio.Protocol] | Literal["websockets-sansio"] = SocketProtocol,
    **environ: str,
) -> AsyncIterator[SocketServer]:
    """A worker on a port of the loopback, with settings as they stand in the environment. `ws` serves the sockets:
    ours, or uvicorn's own, which knows nothing of lines."""
    settings = Settings.load({"NEXUS_SECRET_KEY": KEY.decode(), **environ})
    worker = Worker(settings, database_url)
    worker.socket_services = replace(worker.socket_services, hello_s=hello_s)
    config = uvicorn.Config(
        application(worker),
        ws=ws,
        ws_max_size=16 * 1024,
        ws_per_message_deflate=False,
        lifespan="on",
        log_config=None,
        timeout_graceful_shutdown=10,
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        await until(lambda: server.started or serving.done())
        try:
            yield SocketServer(worker, listening.getsockname()[1], server)
        finally:
            server.should_exit = True
            await asyncio.wait_for(serving, 20)
