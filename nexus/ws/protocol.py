"""uvicorn's sans-I/O WebSocket protocol, guarded, and with a short way through.

`Config(ws=SocketProtocol)` serves any ASGI application and offers it a line in the scope. A session that listens on
the line gets texts straight from the transport's callback and writes frames straight into the transport.
What the guards hold back is in `nexus.ws.line.Bounds`; each was a way for one socket to harm the others.

The base class is not documented as public: the versions of uvicorn and websockets are pinned to a range,
and tests/socket/test_protocol.py fails where one of them moves under us.
"""

import asyncio
import socket
from collections import ChainMap
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, cast

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.protocol import State

from nexus.ws.direct import DirectLine
from nexus.ws.line import EXTENSION, GOING, NO_CLOSE_FRAME, NOT_OURS, TOO_MANY, Bounds
from nexus.ws.parser import Parser

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent, WebSocketScope

_SLICE = 4096  # parsed at a time: bounds what one read can pile up before a guard looks at it
_UNSENT = 16 * 1024  # bytes the kernel may hold unsent: totals that wait there grow stale unseen

_NORMAL = 1000
_NOT_UTF8 = 1007
_TOO_BIG = 1009
_FAILED = 1011


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol with a `DirectLine` in `scope["extensions"]["nexus.line"]`, and bounds everywhere.

    An application that takes no notice of the line is served as by any ASGI server, but for two things: it
    gets text messages only, and a peer that sends faster than it receives is closed with 4429.
    """

    bounds: ClassVar[Bounds] = Bounds()
    conn: Parser
    line: DirectLine
    _second = 0.0
    _controls = 0
    _late = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a socket from the HTTP protocol that has read its upgrade request."""
        super().connection_made(transport)
        known = self.conn.available_extensions
        self.conn = Parser(extensions=known, max_size=self.config.ws_max_size, logger=self.logger)
        # Else the log level "debug" writes out query strings, headers and messages, tokens included.
        self.conn.debug = False
        self.transport.set_write_buffer_limits(high=self.bounds.high)
        _keep_little_in_kernel(self.transport)
        self.line = DirectLine(self.conn, self.transport, self.queue, self.bounds, self._on_end)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the line with its transport."""
        super().connection_lost(exc)
        self.line.lost()

    def eof_received(self) -> None:
        """Close too, but don't wait for ever for the peer to take what is unsent."""
        self.line.left(NO_CLOSE_FRAME)

    def pause_writing(self) -> None:
        """Clog the line."""
        super().pause_writing()
        self.line.pause()

    def resume_writing(self) -> None:
        """Unclog the line."""
        super().resume_writing()
        self.line.resume()

    def shutdown(self) -> None:
        """Let the session finish and close with 1012; refuse a handshake that is under way."""
        if self.conn.state is not State.CONNECTING:
            self.line.shut_down()
            return
        if not self.conn.eof_sent:
            self.conn.send_response(self.conn.reject(503, "The server is restarting.\n"))
        self.line.left(GOING)

    def data_received(self, data: bytes) -> None:
        """Parse what has come and deliver it before returning: nothing queues, and reads never pause."""
        text = self.conn.small_text(data) if type(data) is bytes else None
        if text is not None:
            self._deliver(text)
        elif len(data) <= _SLICE or not self.handshake_initiated:
            self._take(data)
        else:
            for start in range(0, len(data), _SLICE):
                self._take(data[start : start + _SLICE])

    def _take(self, data: bytes) -> None:
        if self.line.ended.done():
            self._late += len(data)
            if self._late > self.bounds.late_bytes:
                self.conn.fail(TOO_MANY)  # says no more to the peer: only throws away unread what follows
        self.conn.receive_data(data)
        self.handle_events()
        self.line.flush()
        if self.conn.parser_exc is not None and not self.line.ended.done():
            self.handle_parser_exception()
        elif not self.handshake_initiated:  # a request uvicorn's parser takes and websockets' does not
            self.line.left(NO_CLOSE_FRAME)

    def handle_text(self, event: Frame) -> None:
        """Deliver a text, or begin to gather one."""
        if event.fin:
            self._deliver(bytes(event.data))
        else:
            self.frames = [bytes(event.data)]

    def handle_cont(self, event: Frame) -> None:
        """Gather a message that comes in pieces, up to a number of them; their size websockets bounds."""
        self.frames.append(bytes(event.data))
        if len(self.frames) > self.bounds.fragments:
            self.frames = []
            self.line.fail(_TOO_BIG, "too many fragments")
        elif event.fin:
            message = b"".join(self.frames)
            self.frames = []
            self._deliver(message)

    def handle_bytes(self, event: Frame) -> None:
        """Refuse: our messages are texts."""
        self.line.fail(NOT_OURS, "text frames only")

    def handle_ping(self) -> None:
        """Count it: websockets has made the pong already."""
        self._count_control()

    def handle_pong(self, event: Frame) -> None:
        """Count it too, and let it answer our ping."""
        self._count_control()
        super().handle_pong(event)

    def handle_close(self, event: Frame) -> None:
        """Finish the closing handshake, whoever began it."""
        closed = self.conn.close_rcvd
        self.line.left(NO_CLOSE_FRAME if closed is None else closed.code)

    def handle_parser_exception(self) -> None:
        """End the line as websockets has already told the peer."""
        closed = self.conn.close_sent
        if closed is None:  # broken before the handshake was answered
            self.line.left(NO_CLOSE_FRAME)
        else:
            self.line.fail(closed.code, closed.reason)

    def keepalive_timeout(self) -> None:
        """Cut a peer that has not answered a ping."""
        self.line.cut("no pong")

    async def run_asgi(self) -> None:
        """Run the application with the line in its scope, and close when it returns."""
        scope = self.scope
        scope["extensions"][EXTENSION] = cast("dict[object, object]", self.line)
        # What the base class prints of a scope must not hold a query string: tokens get into those.
        silent: ChainMap[str, object] = ChainMap({"query_string": b""}, cast("dict[str, object]", scope))
        self.scope = cast("WebSocketScope", silent)
        code = _FAILED
        try:
            await self.app(scope, self.receive, self.send)
            code = _NORMAL
        except asyncio.CancelledError:  # the server's own time to shut down is over
            code = GOING
            raise
        except ClientDisconnected:
            self.logger.debug("The application wrote to a socket that had gone.")
        except Exception:
            self.logger.exception("Exception in ASGI application\n")
        finally:
            self._finish(code)

    async def send(self, message: "ASGISendEvent") -> None:
        """Send as ASGI prescribes, closing as the line closes."""
        if message["type"] == "websocket.close" and self.handshake_complete:
            self.line.close(message.get("code", _NORMAL), message.get("reason") or "")
        elif self.line.ended.done():
            raise ClientDisconnected
        else:
            await super().send(message)

    def _deliver(self, message: bytes) -> None:
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self.line.fail(_NOT_UTF8, "not UTF-8")
        else:
            self.line.hear(text)

    def _count_control(self) -> None:
        now = self.loop.time()
        if now >= self._second + 1:
            self._second = now
            self._controls = 0
        self._controls += 1
        if self._controls > self.bounds.controls:
            self.line.fail(TOO_MANY, "too many pings")

    def _on_end(self, code: int) -> None:
        if not self.close_sent:
            self.close_sent = True
            self.stop_keepalive()
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})

    def _finish(self, code: int) -> None:
        if self.handshake_complete:
            self.line.close(code)
            return
        if not self.line.ended.done() and self.initial_response is None:
            self.logger.error("The application returned without answering the handshake.")
            self.send_500_response()
        self.line.left(code)


def _keep_little_in_kernel(transport: asyncio.Transport) -> None:
    """Let a socket count as full early, so that a slow reader's newest frame is chosen late.

    Without it the kernel takes megabytes of totals for a reader that is behind. Not every system has it.
    """
    sock: socket.socket | None = transport.get_extra_info("socket")
    option: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if sock is not None and option is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):  # a kernel that knows it by name only: then it is as without
            sock.setsockopt(socket.IPPROTO_TCP, option, _UNSENT)
