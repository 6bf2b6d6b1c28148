"""What gives the Python client its tokens: an account's login, which survives lost answers, and a guest of long ago."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import pytest
import pytest_asyncio

from nexus.access.tokens import Tokens
from nexus.client import GuestPass, LoginPass, Refused, Unreachable, connect, socket_url
from tests.support.audience import audience_of
from tests.support.served import KEY, Server, serving

PASSWORD = "correct horse battery"


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A server for all tests of this file."""
    folder = tmp_path_factory.mktemp("passes")
    async with serving(folder, module_database_url) as server, httpx.AsyncClient(base_url=server.url) as http:
        await http.post("/auth/register/", json={"username": "ann", "password": PASSWORD})
        yield server


class Relay:
    """Between a client and the server; loses as many answers as it is told to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.loses = 0
        self.url = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Relay]:
        relay = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{relay.sockets[0].getsockname()[1]}"
        async with relay:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        asked = asyncio.create_task(self._ask(reader, far_writer))
        answer = await far_reader.read()  # the client asks once, and to close
        if self.loses:
            self.loses -= 1
        else:
            writer.write(answer)
            with suppress(OSError):
                await writer.drain()
        asked.cancel()
        for one in (writer, far_writer):
            one.close()

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(1 << 16):
            writer.write(data)


def overdue(login: LoginPass) -> None:
    """Its token is to be renewed now."""
    login._good_until = 0.0


async def sub_of(server: Server, token: str) -> str:
    """Whose token it is, as the server says."""
    async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {token}"}) as http:
        return str((await http.get("/auth/me/")).json().get("sub"))


async def test_a_login_survives_answers_that_get_lost(server: Server) -> None:
    async with Relay(server.port).open() as relay:
        login = LoginPass(relay.url, "ann", PASSWORD)
        first = await login()
        assert await login() == first
        for losses in (1, 3, 2):
            relay.loses = losses
            overdue(login)
            for _ in range(losses):
                with pytest.raises(Unreachable):
                    await login()
            assert await sub_of(server, await login()) == await sub_of(server, first)
        # All in one login, of which no other had to take over.
        tokens = Tokens(KEY.encode())
        assert tokens.identity(await login()).login == tokens.identity(first).login


async def test_clients_share_a_pass(server: Server) -> None:
    login = LoginPass(server.url, "ann", PASSWORD)
    assert len(set(await asyncio.gather(*(login() for _ in range(5))))) == 1
    overdue(login)
    assert len(set(await asyncio.gather(*(login() for _ in range(5))))) == 1
    async with connect(socket_url(server.url), login) as nexus:
        assert nexus.voter == await sub_of(server, await login())


async def test_a_login_that_has_ended_is_replaced(server: Server) -> None:
    login = LoginPass(server.url, "ann", PASSWORD)
    first = await login()
    await login.log_out()
    second = await login()
    tokens = Tokens(KEY.encode())
    assert tokens.identity(first).login != tokens.identity(second).login
    pair = login._pair
    assert pair is not None
    async with httpx.AsyncClient(base_url=server.url, headers={"Authorization": f"Bearer {second}"}) as http:
        assert (await http.post("/auth/logout/", json={"refresh": pair.refresh})).status_code == 204
        old = await http.post("/auth/token/refresh/", json={"refresh": pair.refresh})
        assert old.status_code == 401
    overdue(login)
    assert tokens.identity(await login()).login != tokens.identity(second).login


async def test_a_wrong_password_is_refused(server: Server) -> None:
    login = LoginPass(server.url, "ann", "wrong")
    with pytest.raises(Refused, match="invalid_credentials"):
        await login()
    await login.log_out()  # there is none


async def test_a_guest_of_long_ago_is_the_same_voter(server: Server) -> None:
    async with audience_of(server) as audience:
        poll = await audience.host.poll("Yes", "No")
    first = GuestPass(server.url, poll["code"])
    voter = await sub_of(server, await first())
    then = Tokens(KEY.encode(), clock=lambda: time.time() - 90 * 86400)
    again = GuestPass(server.url, poll["code"], then.access(voter, ["guest"], 3600, [poll["id"]]))
    assert await sub_of(server, await again()) == voter
