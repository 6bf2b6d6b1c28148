"""The Python client waits for polls that can't be seen yet, on the real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from nexus.client import Refused, wait_for
from nexus.client.waiting import BLOCKED_AFTER
from tests.support.served import Server, serving
from tests.support.values import Json
from tests.support.waiting import SERVER_S, soon, until

HOST = "user:1"


@pytest.fixture
async def server(tmp_path: Path, database_url: str) -> AsyncIterator[Server]:
    async with serving(tmp_path, database_url) as server:
        yield server


async def asked(server: Server, method: str, path: str, body: object = None) -> Json:
    """The answer to a call of the host, as JSON; {} where there is nothing to say."""
    token = {"Authorization": f"Bearer {server.token(HOST, 'user')}"}
    async with httpx.AsyncClient(base_url=server.url, headers=token) as http:
        answer = (await http.request(method, path, json=body)).raise_for_status()
    return dict(answer.json()) if answer.content else {}


async def draft(server: Server) -> Json:
    options = [{"option_text": text} for text in ("Yes", "No")]
    return await asked(server, "POST", "/polls/", {"question": "Which?", "options": options, "status": "draft"})


class Wait:
    """A wait in a task, and what it was told."""

    def __init__(self, url: str, code: str) -> None:
        self.told: list[bool] = []
        self.task = asyncio.create_task(wait_for(url, code, waiting=self.told.append))

    async def until_told(self, *told: bool) -> None:
        await until(lambda: self.told == list(told) or self.task.done(), SERVER_S)
        assert self.told == list(told)


async def test_a_wait_ends_when_the_poll_opens_and_at_once_if_it_is_open(server: Server) -> None:
    poll = await draft(server)
    wait = Wait(server.url, poll["code"].lower())
    await wait.until_told(True)
    await asked(server, "POST", f"/polls/{poll['id']}/open/", {})
    await soon(wait.task, SERVER_S)
    assert wait.told == [True]
    told: list[bool] = []
    await soon(wait_for(server.url, poll["code"], waiting=told.append), SERVER_S)
    assert told == []


async def test_a_wait_survives_a_server_that_restarts(server: Server) -> None:
    poll = await draft(server)
    wait = Wait(server.url, poll["code"])
    await wait.until_told(True)
    await server.stop()
    await wait.until_told(True, False)
    await server.start()
    await wait.until_told(True, False, True)
    await asked(server, "POST", f"/polls/{poll['id']}/open/", {})
    await soon(wait.task, SERVER_S)


async def test_a_wait_ends_for_a_wrong_code_for_a_poll_that_is_deleted_and_when_it_is_given_up(server: Server) -> None:
    with pytest.raises(Refused, match="poll_not_found"):
        await soon(wait_for(server.url, "ZZZZZZ"), SERVER_S)
    poll = await draft(server)
    wait, other = Wait(server.url, poll["code"]), Wait(server.url, poll["code"])
    await wait.until_told(True)
    await other.until_told(True)
    other.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await soon(other.task, SERVER_S)
    await asked(server, "DELETE", f"/polls/{poll['id']}/")
    with pytest.raises(Refused, match="poll_not_found"):
        await soon(wait.task, SERVER_S)
    with pytest.raises(ValueError, match="is not a URL"):
        await wait_for("127.0.0.1", poll["code"])


class NoSockets:
    """A proxy that answers every handshake with an error of its own; it counts them."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.url = ""
        self.refused = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[NoSockets]:
        proxy = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        async with proxy:
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /ws "):
            self.refused += 1
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            size = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
            far_writer.write(head + await reader.readexactly(size))
            writer.write(await far_reader.read())  # the client asks once, and to close
            far_writer.close()
        await writer.drain()
        writer.close()


async def test_a_wait_asks_over_http_where_no_socket_opens(server: Server) -> None:
    poll = await draft(server)
    async with NoSockets(server.port).open() as proxy:
        wait = Wait(proxy.url, poll["code"])
        await wait.until_told(False, True)
        assert proxy.refused >= BLOCKED_AFTER
        await asked(server, "POST", f"/polls/{poll['id']}/open/", {})
        await soon(wait.task, SERVER_S)
        with pytest.raises(Refused, match="poll_not_found"):
            await soon(wait_for(proxy.url, "ZZZZZZ"), SERVER_S)
