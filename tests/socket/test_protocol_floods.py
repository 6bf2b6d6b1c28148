"""Floods and nonsense: what a peer may send too much of, or should not send at all."""

import asyncio
import logging

import pytest
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from nexus.ws.line import Bounds, Line
from nexus.ws.protocol import SocketProtocol
from tests.support.line_app import (
    BIG,
    BINARY,
    CLOSE,
    CONT,
    PING,
    PONG,
    Brisk,
    LineApp,
    Raw,
    clog,
    masked,
    on_both_loops,
    serving,
)
from tests.support.waiting import soon, until


@on_both_loops
async def test_ping_is_answered() -> None:
    app = LineApp()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        await peer.send(masked(b"are you there", PING))
        assert await peer.frame() == (PONG, b"are you there")


@pytest.mark.parametrize("opcode", [PING, PONG])
@on_both_loops
async def test_flood_of_control_frames_is_closed(opcode: int) -> None:
    app = LineApp()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        line = await soon(app.lines.get())
        assert await peer.status() == 101
        await peer.send(masked(b"", opcode) * 40_000)  # hundreds of kilobytes in one read
        answers = 0
        while (await peer.frame())[0] != CLOSE:
            answers += 1
        assert answers < 1_000
        assert await soon(app.codes.get()) == 4429
        assert not line.write(BIG)


@on_both_loops
async def test_pongs_for_a_reader_that_has_stopped_are_bounded() -> None:
    class Patient(SocketProtocol):
        bounds = Bounds(controls=1_000_000, last_word_s=0.05)

    app = LineApp()
    async with serving(app, Patient) as served, Raw.open(served.port) as peer:
        await clog(await soon(app.lines.get()))
        for _ in range(30):
            await peer.send(masked(b"x" * 125, PING) * 80)
        assert await soon(app.codes.get()) == 4409
        await until(lambda: served.connections == 0)


@on_both_loops
async def test_fragments_of_a_message_are_counted() -> None:
    app = LineApp()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        piece = masked(b"", CONT, fin=False)
        await peer.send(masked(b"a", fin=False) + piece * 62 + masked(b"z", CONT))
        assert await soon(app.heard.get()) == "az"
        await peer.send(masked(b"a", fin=False) + piece * 64)
        assert await peer.close_code() == 1009
        assert await soon(app.codes.get()) == 1009


@on_both_loops
async def test_message_in_pieces_is_joined_around_control_frames() -> None:
    app = LineApp()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        start, end = "ü".encode()[:1], "ü".encode()[1:]
        await peer.send(masked(start, fin=False) + masked(b"", PING) + masked(end, CONT))
        assert await peer.frame() == (PONG, b"")
        assert await soon(app.heard.get()) == "ü"


@pytest.mark.parametrize("pieces", [1, 5])
@on_both_loops
async def test_message_over_the_limit_is_closed(pieces: int) -> None:
    app = LineApp()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        await peer.send(masked(b"x" * 16_384))
        assert await soon(app.heard.get()) == "x" * 16_384
        size = 16_384 // pieces + 1
        await peer.send(masked(b"x" * size, fin=pieces == 1))
        for _ in range(pieces - 1):
            await peer.send(masked(b"x" * size, CONT, fin=False))
        assert await peer.close_code() == 1009
        assert await soon(app.codes.get()) == 1009


@on_both_loops
async def test_close_code_reaches_a_client_in_the_middle_of_sending() -> None:
    async def speak(socket: ClientConnection) -> None:
        await socket.send("x" * 3_000_000)
        await soon(socket.recv())

    async with (
        serving(LineApp(), SocketProtocol) as served,
        connect(f"ws://127.0.0.1:{served.port}/ws", compression=None) as socket,
    ):
        with pytest.raises(ConnectionClosed) as closed:
            await speak(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


@on_both_loops
async def test_peer_in_the_middle_of_sending_is_not_reset() -> None:
    async with serving(LineApp(), SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        await peer.send(masked(b"x" * 3_000_000)[:100_000])
        assert await peer.close_code() == 1009
        for _ in range(20):
            await peer.send(b"x" * 100_000)  # a reset would raise, and could overtake the close frame


@on_both_loops
async def test_what_follows_our_close_is_thrown_away_unread() -> None:
    app = LineApp()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        (await soon(app.lines.get())).close(4429)
        assert await peer.status() == 101
        assert await peer.close_code() == 4429
        await peer.send(masked(b"x" * 1000) * 100)
        assert await peer.end() == b""  # our FIN, long before the cut, and without the peer's close frame
        assert app.heard.empty()


@on_both_loops
async def test_server_reads_on_while_nobody_listens_yet() -> None:
    app = LineApp()
    app.ready.clear()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        await peer.send(masked(b"one") + masked(b"two"))
        await peer.send(masked(b"", PING))
        assert await peer.frame() == (PONG, b"")
        app.ready.set()
        await peer.send(masked(b"three"))
        assert [await soon(app.heard.get()) for _ in range(3)] == ["one", "two", "three"]


@on_both_loops
async def test_nothing_is_heard_after_the_text_that_made_us_close() -> None:
    heard: list[str] = []

    def refuse(line: Line, text: str) -> None:
        heard.append(text)
        line.close(4503)

    app = LineApp(refuse)
    app.ready.clear()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        await peer.send(masked(b"one") + masked(b"two") + masked(b"", PING))
        assert await peer.frame() == (PONG, b"")
        app.ready.set()
        assert await peer.close_code() == 4503
        assert heard == ["one"]


@pytest.mark.parametrize(("count", "size"), [(65, 1), (9, 8000)])
@on_both_loops
async def test_messages_before_anybody_listens_are_bounded(count: int, size: int) -> None:
    app = LineApp()
    app.ready.clear()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        await peer.send(masked(b"x" * size) * count)
        assert await peer.close_code() == 4429
        app.ready.set()
        assert await soon(app.codes.get()) == 4429
        assert app.heard.empty()


@on_both_loops
async def test_texts_of_a_peer_that_left_early_are_heard() -> None:
    app = LineApp()
    app.ready.clear()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        await peer.send(masked(b"one") + masked(b"\x0f\xa1", CLOSE))
        assert await peer.close_code() == 4001
        app.ready.set()
        assert await soon(app.heard.get()) == "one"
        assert await soon(app.codes.get()) == 4001


@pytest.mark.parametrize(
    ("nonsense", "code"),
    [
        (masked(b"\xff\xfe"), 1007),
        (masked(b"ok", fin=False) + masked(b"\xff", CONT), 1007),
        (masked(b"\x03\xe8\xff", CLOSE), 1007),
        (masked(b"", CONT), 1002),
        (masked(b"x", reserved=0x40), 1002),
        (masked(b"x", opcode=3), 1002),
        (masked(b"x" * 126, PING), 1002),
        (masked(b"", PING, fin=False), 1002),
        (masked(b"\x00", CLOSE), 1002),
        (masked(b"\x03\xed", CLOSE), 1002),
        (b"\x81\x01x", 1002),  # unmasked
        (masked(b"x", BINARY), 4500),
    ],
)
@on_both_loops
async def test_nonsense_is_closed_without_a_traceback(
    nonsense: bytes, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = LineApp()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        await peer.send(masked(b"before") + nonsense + masked(b"after"))
        assert await peer.close_code() == code
        assert await soon(app.heard.get()) == "before"
        assert await soon(app.codes.get()) == code
        assert app.heard.empty()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@on_both_loops
async def test_nonsense_before_the_handshake_is_answered_does_no_harm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    arrived, answer = asyncio.Event(), asyncio.Event()

    async def slow(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        arrived.set()
        await answer.wait()
        await send({"type": "websocket.accept"})

    async with serving(slow, Brisk) as served, Raw.open(served.port) as peer:
        await soon(arrived.wait())
        await peer.send(b"\xff" * 10)
        answer.set()
        await peer.end()
        await until(lambda: served.connections == 0)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@on_both_loops
async def test_bytes_before_the_handshake_is_answered_are_bounded() -> None:
    answer = asyncio.Event()

    async def slow(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await answer.wait()

    async with serving(slow, Brisk) as served, Raw.open(served.port) as peer:
        await peer.send(b"x" * (Brisk.bounds.early_bytes + 1))
        assert await peer.status() == 400
        answer.set()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (f"Cookie: {'x' * 7000}\r\n", 101),
        (f"Cookie: {'x' * 9000}\r\n", 431),
        ("X: y\r\n" * 200, 431),
        ("Sec-WebSocket-Version: 12\r\n", 400),
    ],
)
@on_both_loops
async def test_handshake_is_always_answered(headers: str, status: int) -> None:
    app = LineApp()
    async with serving(app, Brisk) as served, Raw.open(served.port, headers=headers) as peer:
        assert await peer.status() == status
        if status != 101:
            await peer.end()
            await until(lambda: served.connections == 0)
