"""What one socket can do to the server, and what `SocketProtocol` does about it."""

import asyncio
import gc
import logging
import time
import weakref

import pytest
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import connect

from nexus.http.framework.heads import BoundedHttpProtocol
from nexus.rooms.frame import Frame
from nexus.ws.direct_line import DirectLine
from nexus.ws.line import Bounds
from nexus.ws.protocol import SocketProtocol
from tests.support.line_app import BIG, CLOSE, PING, PONG, Brisk, LineApp, Raw, clog, masked, on_both_loops, serving
from tests.support.waiting import soon, until

# Readers that don't read


@on_both_loops
async def test_close_does_not_wait_for_a_reader_that_has_stopped() -> None:
    app = LineApp()
    async with serving(app, Brisk) as served, Raw.open(served.port):
        line = await soon(app.lines.get())
        await clog(line)
        line.close(4503)
        assert await soon(app.codes.get()) == 4503
        await until(lambda: served.connections == 0)


@on_both_loops
async def test_keep_alive_does_not_wait_for_a_reader_that_has_stopped() -> None:
    app = LineApp()
    async with (
        serving(app, Brisk, ws_ping_interval=0.1, ws_ping_timeout=0.1) as served,
        Raw.open(served.port),
    ):
        await clog(await soon(app.lines.get()))
        assert await soon(app.codes.get()) == 4409
        await until(lambda: served.connections == 0)


@on_both_loops
async def test_keep_alive_leaves_a_closing_peer_its_time() -> None:
    class Generous(SocketProtocol):
        bounds = Bounds(close_s=60)

    app = LineApp()
    async with (
        serving(app, Generous, ws_ping_interval=0.05, ws_ping_timeout=0.2) as served,
        Raw.open(served.port) as peer,
    ):
        assert await peer.status() == 101
        assert (await peer.frame())[0] == PING
        (await soon(app.lines.get())).close(4503)
        assert await peer.close_code() == 4503
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(until(lambda: served.connections == 0), 0.8)
        await peer.send(masked(b"\x11\x97", CLOSE))  # both have closed: nothing to wait for
        await until(lambda: served.connections == 0)


@on_both_loops
async def test_half_closed_peer_does_not_keep_its_unsent_frames_for_ever() -> None:
    app = LineApp()
    async with serving(app, Brisk) as served, Raw.open(served.port) as peer:
        await clog(await soon(app.lines.get()))
        peer.sock.shutdown(1)
        assert await soon(app.codes.get()) == 1006
        await until(lambda: served.connections == 0)


@on_both_loops
async def test_closing_peer_does_not_keep_its_unsent_frames_for_ever() -> None:
    app = LineApp()
    async with serving(app, Brisk) as served, Raw.open(served.port) as peer:
        await clog(await soon(app.lines.get()))
        await peer.send(masked(b"\x03\xe8", CLOSE))
        assert await soon(app.codes.get()) == 1000
        await until(lambda: served.connections == 0)


@on_both_loops
async def test_reader_that_is_behind_leaves_little_in_the_kernel() -> None:
    app = LineApp()
    async with serving(app, SocketProtocol) as served, Raw.open(served.port):
        line = await soon(app.lines.get())
        taken = 0
        while line.write(BIG):
            taken += len(BIG.wire)
            await asyncio.sleep(0)
        assert taken < 400_000  # 90 kB with the socket option, 2.9 MB without


@on_both_loops
async def test_write_to_a_lost_socket_is_refused() -> None:
    app = LineApp()
    app.ready.clear()  # so that the application has not ended with its socket
    async with serving(app, SocketProtocol) as served:
        async with Raw.open(served.port):
            line = await soon(app.lines.get())
        await until(lambda: served.connections == 0)
        assert not line.write(BIG)
        line.push(BIG)
        line.close(1000)
        line.ready_to_close()
        line.wake(0.0)
        assert isinstance(line, DirectLine)
        assert line.tick is None, "the wheel keeps a line that is gone"
        app.ready.set()
        assert await soon(app.codes.get()) == 1006


@on_both_loops
async def test_lost_socket_is_freed_without_the_cycle_collector() -> None:
    class Watched(SocketProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            made.extend((weakref.ref(self), weakref.ref(self.line)))

    class WatchedHttp(BoundedHttpProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            heads.append(weakref.ref(self))

    made: list[weakref.ref[object]] = []
    heads: list[weakref.ref[object]] = []
    app = LineApp()
    gc.disable()
    try:
        async with serving(app, Watched, http=WatchedHttp) as served:
            async with Raw.open(served.port) as peer:
                await peer.send(masked(b"hello"))
                await soon(app.heard.get())
                assert (made[0](), heads[0]()) == (None, None)  # nothing is left of the handshake
            await soon(app.codes.get())
            app.lines.get_nowait()
            await until(lambda: [ref() for ref in made] == [None, None])
    finally:
        gc.enable()


# The rest


@on_both_loops
async def test_logs_hold_no_query_string_and_no_message(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["query_string"] == b"token=secret"
        if scope["path"] == "/refused":
            await send({"type": "websocket.close"})
        elif scope["path"] == "/denied":
            await send({"type": "websocket.http.response.start", "status": 401, "headers": []})
            await send({"type": "websocket.http.response.body", "body": b""})
        else:
            await LineApp()(scope, receive, send)

    caplog.set_level(logging.DEBUG)
    async with serving(app, SocketProtocol, log_level="debug") as served:
        for path, status in (("/ws", 101), ("/refused", 403), ("/denied", 401)):
            headers = "Authorization: Bearer secret\r\n"
            async with Raw.open(served.port, f"{path}?token=secret", headers) as peer:
                assert await peer.status() == status
                if status == 101:
                    await peer.send(masked(b"secret") + masked(b"", PING))
                    await peer.frame()
    assert '"WebSocket /refused" 403' in caplog.text
    assert '"WebSocket /denied" 401' in caplog.text
    assert "secret" not in caplog.text
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@on_both_loops
async def test_compression_that_is_offered_is_not_agreed() -> None:
    app = LineApp()
    async with (
        serving(app, SocketProtocol) as served,
        connect(f"ws://127.0.0.1:{served.port}/ws", compression="deflate") as socket,
    ):
        (await soon(app.lines.get())).push(Frame(b"plain"))
        assert await soon(socket.recv()) == "plain"
        assert socket.protocol.extensions == []


@on_both_loops
async def test_application_that_ignores_the_line_is_told(caplog: pytest.LogCaptureFixture) -> None:
    async def echo(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async with serving(echo, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        assert await peer.close_code() == 1011
    assert "texts come by the line" in caplog.text


@on_both_loops
async def test_application_that_returns_without_listening_closes() -> None:
    async def brief(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})

    async with serving(brief, SocketProtocol) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        assert await peer.close_code() == 1000


def stall() -> None:
    time.sleep(1.2)


@on_both_loops
async def test_pong_that_waited_out_a_stall_of_the_server_counts() -> None:
    app = LineApp()
    pings = {"ws_ping_interval": 0.05, "ws_ping_timeout": 0.2}
    async with serving(app, SocketProtocol, **pings) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        for _ in range(2):
            assert (await peer.frame())[0] == PING
            peer.sock.send(masked(b"", PONG))
            stall()  # nothing reads the pong, and the time for it ends
        await peer.send(masked(b"still here"))
        assert await soon(app.heard.get()) == "still here"
        assert app.codes.empty()
