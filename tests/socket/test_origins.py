"""Which pages may open a socket (docs/contract.md, "WebSocket")."""

from collections.abc import AsyncIterator

import pytest

from tests.support.ballots import voter
from tests.support.sockets import SocketServer, open_socket_server

ALICE = voter(1)


@pytest.fixture
async def ws(database_url: str) -> AsyncIterator[SocketServer]:
    async with open_socket_server(database_url) as server:
        yield server


async def test_foreign_origins_are_refused(ws: SocketServer) -> None:
    foreign = [
        "https://evil.example",
        "null",
        f"http://127.0.0.1.evil.example:{ws.port}",
        "http://127.0.0.1",
        "file://",
    ]
    for origin in foreign:
        assert await ws.refused(origin=origin) == 403, origin


async def test_own_origin_and_none_are_accepted(ws: SocketServer) -> None:
    for origin in (f"http://127.0.0.1:{ws.port}", f"http://localhost:{ws.port}", None):
        async with ws.socket(origin=origin) as client:
            await client.hello(ws.token(ALICE))


async def test_configured_origins_are_accepted(database_url: str) -> None:
    async with open_socket_server(
        database_url, NEXUS_ALLOWED_ORIGINS="https://vote.example, http://b.example:81"
    ) as ws:
        for origin in ("https://vote.example", "http://b.example:81"):
            async with ws.socket(origin=origin) as client:
                await client.hello(ws.token(ALICE))
        assert await ws.refused(origin="http://vote.example") == 403
