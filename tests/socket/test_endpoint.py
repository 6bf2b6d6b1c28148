"""Who holds an open socket: its address, released once however it ends, and its session, on whichever server."""

from collections.abc import AsyncIterator

import pytest
from starlette.types import Message

from nexus.ws.endpoint import SocketEndpoint
from tests.support.ballots import make_poll, voter
from tests.support.sockets import SocketServer, open_socket_server
from tests.support.waiting import until

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url) as opened:
        yield opened


async def test_every_end_of_a_socket_releases_its_address_once(ws: SocketServer) -> None:
    held = ws.worker.socket_services.open_sockets
    async with ws.socket(subprotocols=["nexus.v2"]) as other_protocol, ws.socket(authorization="Bearer no") as bad:
        assert (await other_protocol.closed(), await bad.closed()) == (4500, 4501)
    assert await ws.refused(origin="https://evil.example") == 403
    async with ws.client(ALICE) as client, ws.socket() as lost:
        await until(lambda: len(held) == 2)
        lost.connection.transport.abort()
        await until(lambda: len(held) == 1)
        await client.pong()
    await until(lambda: len(held) == 0)


async def test_handshake_that_cannot_be_answered_releases_its_address(ws: SocketServer) -> None:
    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(_message: Message) -> None:
        raise OSError

    scope = {"type": "websocket", "headers": [], "client": ("192.0.2.1", 1), "subprotocols": []}
    with pytest.raises(OSError):  # noqa: PT011 - the server's own, whatever it says
        await SocketEndpoint(ws.worker.socket_services)(scope, receive, send)
    assert len(ws.worker.socket_services.open_sockets) == 0


async def test_session_lives_on_any_server(database_url: str) -> None:
    async with open_socket_server(database_url, hello_s=0.5, ws="websockets-sansio") as ws:
        poll = await make_poll(ws.database)
        async with ws.socket() as silent, ws.client(ALICE) as client, ws.client(BOB) as watching:
            await watching.join(poll)
            assert (await client.vote(poll, 0))["type"] == "ack"
            await watching.totals(poll.version + 1)
            assert await silent.closed() == 4408
            await client.hello(ws.token(ALICE, ttl_s=1))
            assert await client.closed() == 4501
        await until(lambda: not ws.worker.hub.rooms and not len(ws.worker.socket_services.open_sockets))
