"""What comes before a request is whole: bounded in time and size, for both doors."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from nexus.access.work import BUDGET, WorkBudget
from nexus.http.framework import heads
from tests.support.waiting import until

Peer = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the size of the body; `/later` once it is told."""
    if scope["path"] == "/later":
        await scope["state"]["now"].wait()
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"%5d" % size})


@asynccontextmanager
async def serving(**state: object) -> AsyncIterator[int]:
    async def stateful(scope: Scope, receive: Receive, send: Send) -> None:
        await application({**scope, "state": state}, receive, send)

    def protocol(*args: Any, **kwargs: Any) -> heads.BoundedHttpProtocol:
        return heads.BoundedHttpProtocol(*args, **{**kwargs, "app_state": state})

    config = uvicorn.Config(stateful, port=0, http=protocol, lifespan="off", log_config=None)  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def answer(peer: Peer) -> bytes:
    """All that the server says until it closes."""
    async with asyncio.timeout(10):
        said = await peer[0].read()
    peer[1].close()
    return said


@pytest.mark.parametrize("begin", [b"", b"GET / HTT", b"GET / HTTP/1.1\r\nHost: x\r\nA: "])
async def test_head_that_does_not_come_is_answered_408(monkeypatch: pytest.MonkeyPatch, begin: bytes) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0.1)
    async with serving() as port:
        peer = await asyncio.open_connection("127.0.0.1", port)
        peer[1].write(begin)
        assert (await answer(peer)).startswith(b"HTTP/1.1 408 ")


async def test_second_request_of_a_connection_has_the_same_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0.1)
    async with serving() as port:
        peer = await asyncio.open_connection("127.0.0.1", port)
        peer[1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await peer[0].readuntil(b"    0")
        peer[1].write(b"GET / HT")
        assert (await answer(peer)).startswith(b"HTTP/1.1 408 ")


async def test_body_may_take_longer_than_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heads, "HEAD_S", 0.1)
    async with serving() as port:
        peer = await asyncio.open_connection("127.0.0.1", port)
        peer[1].write(b"POST / HTTP/1.1\r\nHost: x\r\ncontent-length: 3\r\nconnection: close\r\n\r\nab")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await peer[0].read(1)
        peer[1].write(b"c")
        assert (await answer(peer)).endswith(b"    3")


async def test_head_with_too_many_headers_is_refused() -> None:
    async with serving() as port:
        peer = await asyncio.open_connection("127.0.0.1", port)
        peer[1].write(b"GET / HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n")
        assert (await answer(peer)).startswith(b"HTTP/1.1 400 ")


async def test_header_without_an_end_is_refused() -> None:
    async with serving() as port:
        peer = await asyncio.open_connection("127.0.0.1", port)
        peer[1].write(b"GET / HTTP/1.1\r\nHost: x\r\nA: ")
        peer[1].write(b"a" * (heads.HEAD_BYTES + 1))
        said = asyncio.create_task(answer(peer))
        async with asyncio.timeout(10):
            while not said.done():  # byte by byte: a close with bytes unread would be a reset
                peer[1].write(b"a")
                await asyncio.wait({said}, timeout=0.05)
        assert said.result().startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "said", [b"FOO / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"\x16\x03\x01\x02\x00\r\n\r\n"]
)
async def test_what_is_no_http_is_refused_with_a_problem_document(said: bytes) -> None:
    async with serving() as port:
        peer = await asyncio.open_connection("127.0.0.1", port)
        peer[1].write(said)
        head, _, body = (await answer(peer)).partition(b"\r\n\r\n")
    names = {line.partition(b":")[0] for line in head.split(b"\r\n")[1:]}
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n")
    assert {b"x-request-id", b"cache-control", b"x-content-type-options", b"content-length"} <= names
    assert (json.loads(body)["status"], json.loads(body)["code"]) == (400, "bad_request")


async def test_requests_that_are_sent_far_ahead_are_answered_up_to_a_bound_and_then_the_connection_ends() -> None:
    now = asyncio.Event()
    async with serving(now=now) as port:
        peer = await asyncio.open_connection("127.0.0.1", port)
        peer[1].write(b"GET /later HTTP/1.1\r\nHost: x\r\n\r\n" * 10_000)
        now.set()
        said = b""
        with suppress(ConnectionResetError):  # what it sent is not all read
            async with asyncio.timeout(10):
                while more := await peer[0].read(65536):
                    said += more
        peer[1].close()
        assert said.count(b"HTTP/1.1 200 OK") == heads.MOST_PIPELINED + 1
        assert said.count(b"connection: close") == 1


async def test_a_few_requests_that_are_sent_ahead_are_all_answered() -> None:
    async with serving(now=asyncio.Event()) as port:
        peer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(30):
            peer[1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 10)
            for _ in range(10):
                async with asyncio.timeout(10):
                    await peer[0].readuntil(b"    0")
        peer[1].close()


async def test_an_address_over_its_pace_is_read_from_later_and_nothing_is_refused() -> None:
    budget = WorkBudget(400)
    async with serving(**{BUDGET: budget}) as port:
        meter = budget.of("127.0.0.1")
        peer = await asyncio.open_connection("127.0.0.1", port)
        await until(lambda: meter.due > 0)
        meter.charge(1000)  # of 800, by others of the same address
        peer[1].write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(10):
            await peer[0].readuntil(b"    0")
        # That one put the connection to rest: the next is read once the address has paid.
        peer[1].write(b"GET / HTTP/1.1\r\nHost: x\r\nconnection: close\r\n\r\n")
        assert (await answer(peer)).startswith(b"HTTP/1.1 200 OK")
        assert meter.due - asyncio.get_running_loop().time() <= 2.1
