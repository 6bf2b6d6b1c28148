"""The opening handshake (RFC 6455, section 4.2): what is accepted, and how everything else is refused."""

import asyncio
import json

import pytest
from starlette.types import Receive, Scope, Send

from nexus.ws.handshake import RefusedHandshake, accepting, read_handshake
from nexus.ws.protocol import SocketProtocol
from tests.support.line_app import TEXT, Brisk, LineApp, Raw, masked, on_both_loops, serving
from tests.support.waiting import soon, until

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
GOOD = {
    "host": "x",
    "upgrade": "websocket",
    "connection": "keep-alive, Upgrade",
    "sec-websocket-key": KEY.decode(),
    "sec-websocket-version": "13",
}


def head(method: str = "GET", target: str = "/ws", more: str = "", **changes: str | None) -> bytes:
    """The head of a handshake, with some of its headers changed; None leaves one out."""
    headers = {**GOOD, **{name.replace("_", "-"): value for name, value in changes.items()}}
    lines = [
        f"{method} {target} HTTP/1.1",
        *(f"{name}: {value}" for name, value in headers.items() if value is not None),
    ]
    return ("\r\n".join(lines) + f"\r\n{more}\r\n").encode("latin-1")


def test_answer_proves_that_the_key_was_read() -> None:
    answer = accepting(KEY, [(b"Sec-WebSocket-Protocol", b"nexus.v1")])  # the example of RFC 6455, section 1.3
    assert answer.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
    assert b"\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in answer
    assert answer.endswith(b"\r\nSec-WebSocket-Protocol: nexus.v1\r\n\r\n")


def test_request_is_read() -> None:
    read = read_handshake(head(target="/a%20b?x=1?y", more="Sec-WebSocket-Protocol: one , two\r\nX: \xff\r\n"))
    assert (read.path, read.query, read.key) == (b"/a%20b", b"x=1?y", KEY)
    assert read.subprotocols == ["one", "two"]
    assert (b"x", b"\xff") in read.headers


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (head(upgrade="WebSocket"), 0),
        (head(connection="UPGRADE"), 0),
        (head(more="Content-Length: 0\r\n"), 0),
        (head(method="POST"), 405),
        (head(upgrade=None), 426),
        (head(upgrade="h2c"), 426),
        (head(upgrade="websocket, h2c"), 426),
        (head(more="Upgrade: h2c\r\n"), 426),
        (head(connection="keep-alive"), 426),
        (head(sec_websocket_key=None), 400),
        (head(sec_websocket_key="c2hvcnQ="), 400),
        (head(sec_websocket_key="!" * 24), 400),
        (head(sec_websocket_key=f"{KEY.decode()}AAAA"), 400),
        (head(more=f"Sec-WebSocket-Key: {KEY.decode()}\r\n"), 400),
        (head(sec_websocket_version=None), 400),
        (head(sec_websocket_version="8"), 400),
        (head(more="Sec-WebSocket-Version: 13\r\n"), 400),
        (head(more="Origin: http://a\r\nOrigin: http://b\r\n"), 400),
        (head(more="Transfer-Encoding: chunked\r\n"), 400),
        (head(more="Content-Length: 5\r\n"), 400),
        (head(more="no colon\r\n"), 400),
        (b"GET /ws\r\n\r\n", 400),
        (b"\r\n\r\n", 400),
        (head(more="X: y\r\n" * 124), 431),
        (head(more=f"X: {'y' * 8190}\r\n"), 431),
    ],
)
def test_what_breaks_the_protocol_is_refused(request_head: bytes, status: int) -> None:
    refused = 0
    try:
        read_handshake(request_head)
    except RefusedHandshake as error:
        refused = error.status
    assert refused == status


@on_both_loops
async def test_refusal_is_a_problem_document() -> None:
    async with (
        serving(LineApp(), SocketProtocol) as served,
        Raw.open(served.port, headers="Origin: http://a\r\nOrigin: http://b\r\n") as peer,
    ):
        answer = (await peer.end()).decode()
        first, _, body = answer.partition("\r\n\r\n")
        assert first.startswith("HTTP/1.1 400 ")
        assert "application/problem+json" in first
        assert "x-request-id: " in first
        assert json.loads(body)["code"] == "bad_request"
        await until(lambda: served.connections == 0)


class Slow:
    """An application that takes its time to accept."""

    def __init__(self) -> None:
        self.arrived = asyncio.Event()
        self.answer = asyncio.Event()
        self.inner = LineApp()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.arrived.set()
        await self.answer.wait()
        await self.inner(scope, receive, send)


@on_both_loops
async def test_frames_before_the_answer_are_read_after_it() -> None:
    app = Slow()
    async with serving(app, Brisk) as served, Raw.open(served.port) as peer:
        await soon(app.arrived.wait())
        await peer.send(masked(b"early") + masked(b"late")[:3])
        app.answer.set()
        assert await peer.status() == 101
        await peer.send(masked(b"late")[3:])
        assert [await soon(app.inner.heard.get()) for _ in range(2)] == ["early", "late"]
        (await soon(app.inner.lines.get())).close(4503)
        assert (await peer.frame())[0] != TEXT


@on_both_loops
async def test_bytes_before_the_answer_are_bounded() -> None:
    app = Slow()
    async with serving(app, Brisk) as served, Raw.open(served.port) as peer:
        await soon(app.arrived.wait())
        await peer.send(masked(b"x" * 10_000) * 8)
        await until(lambda: served.connections == 0)
        app.answer.set()


@on_both_loops
async def test_peer_that_leaves_before_the_answer_harms_nobody() -> None:
    app = Slow()
    async with serving(app, Brisk) as served:
        async with Raw.open(served.port):
            await soon(app.arrived.wait())
        await until(lambda: served.connections == 0)
        app.answer.set()
        async with Raw.open(served.port) as peer:
            assert await peer.status() == 101
