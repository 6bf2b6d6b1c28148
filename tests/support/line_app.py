"""What the tests of lines and of the socket's protocol share: an application, its server, and a bare client."""

import asyncio
import functools
import inspect
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import pytest
import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from nexus.rooms.frame import Frame
from nexus.ws.asgi_line import line_of, listen
from nexus.ws.line import Bounds, Line
from nexus.ws.protocol import SocketProtocol
from tests.support.waiting import soon, until

Test = Callable[..., Awaitable[None]]

BIG = Frame(b'"' + b"x" * 8190 + b'"')
CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


async def clog(line: Line) -> int:
    """Write until the line refuses; how many frames it took."""
    taken = 0
    while line.write(BIG):
        taken += 1
        assert taken < 5_000
        await asyncio.sleep(0)  # a turn for the server, which never empties what nobody reads
    assert line.clogged
    return taken


def on_both_loops(test: Test) -> Callable[..., None]:
    """Run a test on asyncio's loop and on uvloop's, with a bound, and fail on what the loop reports."""
    factories = [asyncio.new_event_loop, uvloop.new_event_loop]

    @pytest.mark.parametrize("loop", factories, ids=["asyncio", "uvloop"])
    @functools.wraps(test)
    def run(loop: Callable[[], asyncio.AbstractEventLoop], **fixtures: object) -> None:
        with asyncio.Runner(loop_factory=loop) as runner, complaints(runner.get_loop()) as heard:
            runner.run(asyncio.wait_for(test(**fixtures), 30))
        assert heard == []

    own = inspect.signature(test)
    loop = inspect.Parameter("loop", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = own.replace(parameters=[loop, *own.parameters.values()])
    run.__signature__ = signature  # type: ignore[attr-defined] # what pytest looks for fixtures in
    return run


@contextmanager
def complaints(loop: asyncio.AbstractEventLoop) -> Iterator[list[str]]:
    """Collect what reaches the loop's exception handler."""
    heard: list[str] = []
    loop.set_exception_handler(lambda _loop, context: heard.append(str(context)))
    yield heard


class AppListener:
    """What listens to a line of a `LineApp`; tests set what it does when."""

    def __init__(self, app: "LineApp", line: Line) -> None:
        self.on_drain: Callable[[], None] = lambda: None
        self.on_shutdown: Callable[[], None] = line.ready_to_close
        self.on_alarm: Callable[[], None] = lambda: None
        self._app = app
        self._line = line

    def feed(self, text: str) -> None:
        """Keep it, or what the application does instead."""
        if self._app.listen is None:
            self._app.heard.put_nowait(text)
        else:
            self._app.listen(self._line, text)

    def drained(self) -> None:
        self.on_drain()

    def alarm(self) -> None:
        self.on_alarm()

    def shut_down(self) -> None:
        self.on_shutdown()

    def ended(self, code: int) -> None:
        self._app.codes.put_nowait(code)
        self._app.forget(self._line)


class LineApp:
    """An application that accepts every socket, and keeps what each of them brings."""

    def __init__(self, listen: Callable[[Line, str], None] | None = None) -> None:
        self.listen = listen
        self.lines: asyncio.Queue[Line] = asyncio.Queue()
        self.heard: asyncio.Queue[str] = asyncio.Queue()
        self.codes: asyncio.Queue[int] = asyncio.Queue()
        self.ready = asyncio.Event()  # cleared by a test that wants the listening to begin late
        self.ready.set()
        self._listeners: dict[Line, AppListener] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        line = line_of(scope, send)
        self._listeners[line] = AppListener(self, line)
        self.lines.put_nowait(line)
        await self.ready.wait()
        await listen(line, receive, self._listeners[line])

    def listener(self, line: Line) -> AppListener:
        """Who listens to a line of `lines`."""
        return self._listeners[line]

    def forget(self, line: Line) -> None:
        """Keep nothing of a line that has ended."""
        self._listeners.pop(line, None)


class Brisk(SocketProtocol):
    """The protocol in a hurry: a peer that is to be closed or shut down has fractions of a second."""

    bounds = Bounds(close_s=0.3, last_word_s=0.05, grace_s=0.3)


@dataclass
class Served:
    """A running server."""

    server: uvicorn.Server
    port: int
    stopped: "asyncio.Task[None]"

    @property
    def connections(self) -> int:
        """How many sockets it holds."""
        return len(self.server.server_state.connections)


@asynccontextmanager
async def serving(app: ASGIApp, ws: type[asyncio.Protocol] | str, **settings: object) -> AsyncIterator[Served]:
    """Serve an application on a free port of the loopback."""
    chosen: dict[str, object] = {"ws_per_message_deflate": False, "ws_max_size": 16 * 1024, **settings}
    config = uvicorn.Config(app, ws=ws, lifespan="off", log_config=None, **chosen)  # type: ignore[arg-type]
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        stopped = asyncio.create_task(server.serve(sockets=[listening]))
        await until(lambda: server.started)
        try:
            yield Served(server, listening.getsockname()[1], stopped)
        finally:
            server.should_exit = True
            await asyncio.wait_for(stopped, 10)


def masked(payload: bytes, opcode: int = TEXT, *, fin: bool = True, reserved: int = 0) -> bytes:
    """A client's frame (RFC 6455, section 5.2), its mask all zeros."""
    first = (0x80 if fin else 0) | reserved | opcode
    if len(payload) < 126:
        return struct.pack("!BB", first, 0x80 | len(payload)) + bytes(4) + payload
    if len(payload) < 1 << 16:
        return struct.pack("!BBH", first, 0x80 | 126, len(payload)) + bytes(4) + payload
    return struct.pack("!BBQ", first, 0x80 | 127, len(payload)) + bytes(4) + payload


class Raw:
    """A client on a bare socket: it sends what it is told, and reads only when asked."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.loop = asyncio.get_running_loop()
        self.buffer = b""

    @classmethod
    @asynccontextmanager
    async def open(cls, port: int, path: str = "/ws", headers: str = "") -> AsyncIterator["Raw"]:
        """Connect with a small receive buffer, and upgrade."""
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.setblocking(False)
            raw = cls(sock)
            await soon(raw.loop.sock_connect(sock, ("127.0.0.1", port)))
            await raw.send(
                f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n{headers}\r\n".encode()
            )
            yield raw

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        await soon(self.loop.sock_sendall(self.sock, data))

    async def status(self) -> int:
        """Read the answer to the handshake, and its body where it is refused."""
        while b"\r\n\r\n" not in self.buffer:
            await self._read()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        return int(head.split()[1])

    async def frame(self) -> tuple[int, bytes]:
        """Read one frame: opcode and payload."""
        first, length = await self._exactly(2)
        if length >= 126:
            length = int.from_bytes(await self._exactly(2 if length == 126 else 8))
        return first & 0x0F, await self._exactly(length)

    async def close_code(self) -> int:
        """Read on to the close frame."""
        while True:
            opcode, payload = await self.frame()
            if opcode == CLOSE:
                return int.from_bytes(payload[:2])

    async def end(self) -> bytes:
        """Read on to the end of the stream, however it comes; what was read."""
        try:
            while True:
                await self._read()
        except (EOFError, ConnectionError):
            return self.buffer

    async def _exactly(self, n: int) -> bytes:
        while len(self.buffer) < n:
            await self._read()
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    async def _read(self) -> None:
        data = await soon(self.loop.sock_recv(self.sock, 1 << 16))
        if not data:
            raise EOFError
        self.buffer += data
