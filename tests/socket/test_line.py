"""Both kinds of line keep the same promises: the direct one of our server, and the one over plain ASGI."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.types import Message, Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from nexus.rooms.frame import Frame
from nexus.ws.asgi_line import AsgiLine, line_of, listen
from nexus.ws.direct_line import DirectLine
from nexus.ws.line import EXTENSION, Bounds, Line
from nexus.ws.protocol import SocketProtocol
from tests.support.line_app import BIG, TEXT, AppListener, LineApp, Raw, Served, clog, masked, on_both_loops, serving
from tests.support.waiting import soon, until

IMPATIENT = Bounds(stall_s=0.2, close_s=0.4, last_word_s=0.05, unsent=192 * 1024)

both_lines = pytest.mark.parametrize("kind", ["direct", "asgi"])


class Impatient(SocketProtocol):
    bounds = IMPATIENT


class Patient(SocketProtocol):
    bounds = Bounds(unsent=192 * 1024)


@asynccontextmanager
async def serving_line(kind: str, app: LineApp, *, impatient: bool = False) -> AsyncIterator[Served]:
    """Serve `app` with one kind of line, on uvicorn either way."""
    direct = Impatient if impatient else Patient

    async def over_asgi(scope: Scope, receive: Receive, send: Send) -> None:
        line = AsgiLine(send, direct.bounds)
        await app({**scope, "extensions": {EXTENSION: line}}, receive, send)

    asgi, ws = (app, direct) if kind == "direct" else (over_asgi, "websockets-sansio")
    async with serving(asgi, ws=ws) as served:
        yield served


def client(served: Served) -> connect:
    return connect(f"ws://127.0.0.1:{served.port}/ws", compression=None)


async def closed_by(socket: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed) as closed:
        await soon(socket.recv())
    return closed.value.rcvd.code if closed.value.rcvd else None


@both_lines
@on_both_loops
async def test_texts_and_frames_keep_their_order(kind: str) -> None:
    app = LineApp(listen=lambda line, text: line.push(Frame(text.encode())))
    async with serving_line(kind, app) as served, client(served) as socket:
        sent = [f"{n} ü" * (n % 40) for n in range(500)]
        for text in sent:
            await socket.send(text)
        assert [await soon(socket.recv()) for _ in sent] == sent


@both_lines
@on_both_loops
async def test_clogged_line_refuses_until_it_drains(kind: str) -> None:
    app = LineApp()
    async with serving_line(kind, app) as served, Raw.open(served.port) as reader:
        line = await soon(app.lines.get())
        assert await reader.status() == 101
        drained = asyncio.Event()
        app.listener(line).on_drain = drained.set
        taken = await clog(line)
        assert not line.write(BIG)
        assert not drained.is_set()
        for _ in range(taken):
            assert await reader.frame() == (TEXT, BIG.text)
        await soon(drained.wait())
        assert not line.clogged
        assert line.write(Frame(b"newest"))
        assert await reader.frame() == (TEXT, b"newest")


@both_lines
@on_both_loops
async def test_drain_is_announced_once_for_each_clog(kind: str) -> None:
    app = LineApp()
    async with serving_line(kind, app) as served, Raw.open(served.port) as reader:
        line = await soon(app.lines.get())
        assert await reader.status() == 101
        drains: list[bool] = []
        app.listener(line).on_drain = lambda: drains.append(line.write(BIG))
        for times in (1, 2):
            for _ in range(await clog(line) + 1):  # and the one written on drain
                assert await reader.frame() == (TEXT, BIG.text)
            assert drains == [True] * times


@both_lines
@on_both_loops
async def test_push_passes_a_clog(kind: str) -> None:
    app = LineApp()
    async with serving_line(kind, app) as served, Raw.open(served.port) as reader:
        line = await soon(app.lines.get())
        assert await reader.status() == 101
        taken = await clog(line)
        line.push(Frame(b"ack"))
        for _ in range(taken):
            await reader.frame()
        assert await reader.frame() == (TEXT, b"ack")


@both_lines
@on_both_loops
async def test_push_past_its_bound_ends_the_line(kind: str) -> None:
    app = LineApp()
    async with serving_line(kind, app) as served, Raw.open(served.port) as reader:
        line = await soon(app.lines.get())
        assert await reader.status() == 101
        await clog(line)
        pushes = 0
        while app.codes.empty():
            line.push(BIG)
            pushes += 1
            assert pushes * len(BIG.text) <= Patient.bounds.unsent
            await asyncio.sleep(0)
        assert await soon(app.codes.get()) == 4409
        if kind == "direct":  # the other server waits for its reader, however long
            await until(lambda: served.connections == 0)


@both_lines
@on_both_loops
async def test_stalled_reader_is_ended_within_its_bound(kind: str) -> None:
    app = LineApp()
    async with serving_line(kind, app, impatient=True) as served, Raw.open(served.port):
        line = await soon(app.lines.get())
        await clog(line)
        async with asyncio.timeout(10):
            assert await app.codes.get() == 4409
        assert not line.write(BIG)


@both_lines
@on_both_loops
async def test_clog_that_clears_in_time_is_forgiven(kind: str) -> None:
    app = LineApp()
    async with serving_line(kind, app, impatient=True) as served, Raw.open(served.port) as reader:
        line = await soon(app.lines.get())
        assert await reader.status() == 101
        for _ in range(await clog(line)):
            await reader.frame()
        await until(lambda: not line.clogged)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(app.codes.get(), IMPATIENT.stall_s * 2)


@both_lines
@on_both_loops
async def test_close_of_ours_reaches_the_peer_and_ends_the_texts(kind: str) -> None:
    app = LineApp()
    async with serving_line(kind, app) as served, client(served) as socket:
        line = await soon(app.lines.get())
        line.push(Frame(b"last"))
        line.close(4501, "ü" * 200)  # more than a close frame holds
        line.close(4503)
        assert await soon(app.codes.get()) == 4501
        assert await soon(socket.recv()) == "last"
        assert await closed_by(socket) == 4501
        await until(lambda: served.connections == 0)
        assert not line.write(BIG)
        line.push(BIG)


@both_lines
@on_both_loops
async def test_close_from_within_the_feed_silences_it(kind: str) -> None:
    heard: list[str] = []

    def listen(line: Line, text: str) -> None:
        heard.append(text)
        line.close(4429)
        if not app.codes.empty():
            heard.append("the end, in the middle of what has led to it")

    app = LineApp(listen)
    async with serving_line(kind, app) as served, Raw.open(served.port) as peer:
        await soon(app.lines.get())
        await peer.send(masked(b"one") + masked(b"two"))
        assert await soon(app.codes.get()) == 4429
        assert await peer.status() == 101
        assert await peer.close_code() == 4429
        assert heard == ["one"]


@both_lines
@on_both_loops
async def test_close_of_the_peer_ends_the_texts_with_its_code(kind: str) -> None:
    app = LineApp()
    async with serving_line(kind, app) as served, client(served) as socket:
        await socket.send("first")
        await socket.close(4321)
        assert await soon(app.heard.get()) == "first"
        assert await soon(app.codes.get()) == 4321


@both_lines
@on_both_loops
async def test_binary_message_is_not_our_protocol(kind: str) -> None:
    app = LineApp()
    async with serving_line(kind, app) as served, client(served) as socket:
        await socket.send(b"\x00")
        assert await closed_by(socket) == 4500
        assert await soon(app.codes.get()) == 4500


@both_lines
@on_both_loops
async def test_exception_of_the_listener_ends_its_line_alone(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail(line: Line, text: str) -> None:
        if text == "fail":
            raise ZeroDivisionError(text)
        line.push(Frame(text.encode()))

    app = LineApp(fail)
    async with serving_line(kind, app) as served, client(served) as socket, client(served) as other:
        await socket.send("fail")
        assert await soon(app.codes.get()) == 1011
        assert await closed_by(socket) == (1011 if kind == "direct" else None)
        await other.send("still here")
        assert await soon(other.recv()) == "still here"
    assert "ZeroDivisionError" in caplog.text


@both_lines
@on_both_loops
async def test_alarm_comes_once_and_not_before_its_time(kind: str) -> None:
    app = LineApp()
    loop, rang = asyncio.get_running_loop(), asyncio.Event()
    async with serving_line(kind, app) as served, client(served):
        line = await soon(app.lines.get())
        due = loop.time() + 0.15
        times: list[float] = []

        def ring() -> None:
            times.append(loop.time())
            rang.set()

        app.listener(line).on_alarm = ring
        line.wake(due - 0.1)
        line.wake(due)  # instead of the former
        await soon(rang.wait())
        await asyncio.sleep(0.15)
        assert len(times) == 1
        assert times[0] >= due - 0.002  # uvloop's clock has milliseconds


@on_both_loops
async def test_line_is_the_servers_own_where_it_offers_one() -> None:
    for ws, kind in ((SocketProtocol, DirectLine), ("websockets-sansio", AsgiLine)):
        app = LineApp()
        async with serving(app, ws=ws) as served, client(served):
            assert isinstance(await soon(app.lines.get()), kind)


async def never(*_message: Message) -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def listening(line: Line, receive: Receive = never) -> int:
    """Listen to a line that is served by no server, and the code with which it ends."""
    app = LineApp()
    await soon(listen(line, receive, AppListener(app, line)))
    return app.codes.get_nowait()


async def test_asgi_line_ends_when_send_says_the_peer_has_gone() -> None:
    async def send(_message: Message) -> None:
        raise OSError

    line = line_of({"type": "websocket"}, send)
    line.push(BIG)
    assert await listening(line) == 1006


async def test_asgi_line_raises_what_send_raises() -> None:
    async def send(_message: Message) -> None:
        raise RuntimeError("a defect")

    line = AsgiLine(send)
    line.push(BIG)
    with pytest.raises(RuntimeError, match="a defect"):
        await listening(line)


async def test_asgi_line_gives_up_a_close_frame_that_cannot_be_sent() -> None:
    stuck = asyncio.Event()

    async def send(_message: Message) -> None:
        await stuck.wait()

    line = AsgiLine(send, IMPATIENT)
    line.push(BIG)
    asyncio.get_running_loop().call_later(0.01, line.close, 4503)
    assert await listening(line) == 4503
    await asyncio.sleep(0)  # a turn for what has been cancelled
    assert asyncio.all_tasks() == {asyncio.current_task()}
