"""A server that shuts down: every session may finish its answers, and no socket holds it up."""

import asyncio

from starlette.types import Receive, Scope, Send

from nexus.rooms.frame import Frame
from nexus.ws.asgi_line import line_of
from nexus.ws.line import Bounds, Line
from nexus.ws.protocol import SocketProtocol
from tests.support.line_app import PING, PONG, TEXT, Brisk, LineApp, Raw, clog, masked, on_both_loops, serving
from tests.support.waiting import soon


@on_both_loops
async def test_shutdown_lets_the_session_answer_and_says_1012() -> None:
    class Generous(SocketProtocol):
        bounds = Bounds(grace_s=60)

    app = LineApp()
    async with serving(app, Generous) as served, Raw.open(served.port) as peer:
        line = await soon(app.lines.get())
        assert await peer.status() == 101
        going = asyncio.Event()
        app.listener(line).on_shutdown = going.set
        served.server.should_exit = True
        await soon(going.wait())
        await peer.send(masked(b"too late") + masked(b"", PING))
        assert await peer.frame() == (PONG, b"")  # so the text before it has been read, and dropped
        line.push(Frame(b"ack"))
        line.ready_to_close()
        assert await peer.frame() == (TEXT, b"ack")
        assert await peer.close_code() == 1012
        assert await soon(app.codes.get()) == 1012
        assert app.heard.empty()


@on_both_loops
async def test_shutdown_waits_no_longer_than_its_grace() -> None:
    app = LineApp()
    async with serving(app, Brisk) as served, Raw.open(served.port) as peer:
        line = await soon(app.lines.get())
        assert await peer.status() == 101
        app.listener(line).on_shutdown = lambda: None
        served.server.should_exit = True
        assert await peer.close_code() == 1012
        assert await soon(app.codes.get()) == 1012
        await soon(served.stopped)


@on_both_loops
async def test_shutdown_does_not_wait_for_readers_that_have_stopped() -> None:
    app = LineApp()
    async with serving(app, Brisk) as served, Raw.open(served.port), Raw.open(served.port):
        for _ in range(2):
            await clog(await soon(app.lines.get()))
        served.server.should_exit = True
        await soon(served.stopped)


@on_both_loops
async def test_shutdown_tells_every_socket_though_one_session_fails() -> None:
    app = LineApp()
    async with serving(app, Brisk) as served, Raw.open(served.port) as one, Raw.open(served.port) as two:
        for _ in range(2):
            line = await soon(app.lines.get())
            app.listener(line).on_shutdown = [].pop
        served.server.should_exit = True
        for peer in (one, two):
            assert await peer.status() == 101
            assert await peer.close_code() == 1011
        await soon(served.stopped)


@on_both_loops
async def test_shutdown_refuses_a_handshake_under_way() -> None:
    arrived, leave = asyncio.Event(), asyncio.Event()

    async def slow(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        arrived.set()
        await leave.wait()
        await send({"type": "websocket.accept"})

    async with serving(slow, Brisk) as served, Raw.open(served.port) as peer:
        await soon(arrived.wait())
        served.server.should_exit = True
        assert await peer.status() == 503
        leave.set()
        await soon(served.stopped)


@on_both_loops
async def test_session_cancelled_by_the_servers_own_limit_says_1012() -> None:
    async def endless(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        line.set_result(line_of(scope, send))
        await asyncio.Event().wait()

    line: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
    async with serving(endless, SocketProtocol, timeout_graceful_shutdown=1) as served, Raw.open(served.port) as peer:
        assert await peer.status() == 101
        await soon(line)
        served.server.should_exit = True
        assert await peer.close_code() == 1012
