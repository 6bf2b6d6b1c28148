"""uvicorn's sans-I/O WebSocket protocol with bounds on what a socket may cost, and a direct way to the session.

`Config(ws=SocketProtocol)` serves any ASGI application and offers it a line in the scope. A session that listens on
the line gets texts straight from the transport's callback and writes frames straight into the transport.
The bounds are in `nexus.ws.line.Bounds`; without each of them one socket could harm the others.

The base class is not documented as public: the versions of uvicorn and websockets are pinned to a range,
and tests/socket/test_protocol.py fails when either changes in a way that matters here.
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

from nexus.ws.close_codes import SHUTTING_DOWN, CloseCode
from nexus.ws.direct_line import DirectLine
from nexus.ws.line import EXTENSION, Bounds
from nexus.ws.parser import TOO_MANY_FRAGMENTS, Parser

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent, WebSocketScope

# Parsed at a time: limits what one read can pile up before a bound is checked.
_SLICE_BYTES = 4096
# What the kernel may hold unsent: totals that wait there can no longer be replaced by newer ones.
_UNSENT_BYTES = 16 * 1024


class SocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol with a `DirectLine` in `scope["extensions"]["nexus.line"]`, and bounds everywhere.

    An application that ignores the line is served as by any ASGI server, with two exceptions: it gets text
    messages only, and a peer that sends faster than the application receives is closed with 4429.
    """

    bounds: ClassVar[Bounds] = Bounds()
    conn: Parser
    line: DirectLine
    _second = 0.0
    _controls = 0
    _late = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a socket from the HTTP protocol, which has read its upgrade request."""
        super().connection_made(transport)
        known = self.conn.available_extensions
        self.conn = Parser(extensions=known, max_size=self.config.ws_max_size, logger=self.logger)
        # Otherwise the log level "debug" writes query strings, headers and messages, and so tokens, to the log.
        self.conn.debug = False
        self.transport.set_write_buffer_limits(high=self.bounds.high)
        _keep_little_in_kernel(self.transport)
        self.line = DirectLine(self.conn, self.transport, self.queue, self.bounds, self._on_end)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the line with its transport."""
        super().connection_lost(exc)
        self.line.lost()

    def eof_received(self) -> None:
        """Close this side too, within a bound: the peer may never take what is unsent."""
        self.line.finish(CloseCode.NO_CLOSE_FRAME)

    def pause_writing(self) -> None:
        """Clog the line."""
        super().pause_writing()
        self.line.pause()

    def resume_writing(self) -> None:
        """Unclog the line."""
        super().resume_writing()
        self.line.resume()

    def shutdown(self) -> None:
        """Close with 1012 once the session has answered what is in flight; refuse a handshake that is under way."""
        if self.conn.state is not State.CONNECTING:
            self.line.shut_down()
            return
        if not self.conn.eof_sent:
            self.conn.send_response(self.conn.reject(503, "The server is shutting down.\n"))
        self.line.finish(CloseCode.SERVICE_RESTART)

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived and deliver it before returning: nothing queues, and reads never pause."""
        text = self.conn.small_text(data) if type(data) is bytes else None
        if text is not None:
            self._deliver(text)
        elif len(data) <= _SLICE_BYTES or not self.handshake_initiated:
            self._take(data)
        else:
            for start in range(0, len(data), _SLICE_BYTES):
                self._take(data[start : start + _SLICE_BYTES])

    def _take(self, data: bytes) -> None:
        if self.line.ended.done():
            self._late += len(data)
            if self._late > self.bounds.late_bytes:
                # The peer has its close frame: this only discards unread what follows.
                self.conn.fail(CloseCode.TOO_MANY_MESSAGES)
        self.conn.receive_data(data)
        self.handle_events()
        self.line.flush()
        if self.conn.parser_exc is not None and not self.line.ended.done():
            self.handle_parser_exception()
        elif not self.handshake_initiated:  # a request that uvicorn's parser accepts and websockets' refuses
            self.line.finish(CloseCode.NO_CLOSE_FRAME)

    def handle_text(self, event: Frame) -> None:
        """Deliver a text, or collect the first fragment of one."""
        if event.fin:
            self._deliver(bytes(event.data))
        else:
            self.frames = [bytes(event.data)]

    def handle_cont(self, event: Frame) -> None:
        """Collect the fragments of a message, up to `Bounds.fragments`; websockets bounds their size."""
        self.frames.append(bytes(event.data))
        if len(self.frames) > self.bounds.fragments:
            self.frames = []
            self.line.fail(CloseCode.TOO_BIG, TOO_MANY_FRAGMENTS)
        elif event.fin:
            message = b"".join(self.frames)
            self.frames = []
            self._deliver(message)

    def handle_bytes(self, event: Frame) -> None:
        """Refuse it: messages are texts."""
        self.line.fail(CloseCode.WRONG_PROTOCOL, "text frames only")

    def handle_ping(self) -> None:
        """Count it; websockets has already made the pong."""
        self._count_control()

    def handle_pong(self, event: Frame) -> None:
        """Count it, and let it answer a ping of ours."""
        self._count_control()
        super().handle_pong(event)

    def handle_close(self, event: Frame) -> None:
        """Finish the closing handshake, whichever side began it."""
        closed = self.conn.close_rcvd
        self.line.finish(CloseCode.NO_CLOSE_FRAME if closed is None else closed.code)

    def handle_parser_exception(self) -> None:
        """End the line with the code that websockets has sent to the peer."""
        closed = self.conn.close_sent
        if closed is None:  # broken before the handshake was answered
            self.line.finish(CloseCode.NO_CLOSE_FRAME)
        else:
            self.line.fail(closed.code, closed.reason)

    def keepalive_timeout(self) -> None:
        """Cut the line of a peer that has not answered a ping."""
        self.line.cut("no answer to a ping")

    async def run_asgi(self) -> None:
        """Run the application with the line in its scope, and close when it returns."""
        scope = self.scope
        scope["extensions"][EXTENSION] = cast("dict[object, object]", self.line)
        # The base class logs parts of the scope, which must not hold a query string: people put tokens there.
        silent: ChainMap[str, object] = ChainMap({"query_string": b""}, cast("dict[str, object]", scope))
        self.scope = cast("WebSocketScope", silent)
        code = CloseCode.FAILED
        try:
            await self.app(scope, self.receive, self.send)
            code = CloseCode.NORMAL
        except asyncio.CancelledError:  # the server's time to shut down is up
            code = CloseCode.SERVICE_RESTART
            raise
        except ClientDisconnected:
            self.logger.debug("the application wrote to a socket that had ended")
        except Exception:
            self.logger.exception("Exception in ASGI application\n")  # uvicorn's own words: people search for them
        finally:
            self._finish(code)

    async def send(self, message: "ASGISendEvent") -> None:
        """Send as ASGI prescribes, closing as the line closes."""
        if message["type"] == "websocket.close" and self.handshake_complete:
            self.line.close(message.get("code", CloseCode.NORMAL), message.get("reason") or "")
        elif self.line.ended.done():
            raise ClientDisconnected
        else:
            await super().send(message)

    def _deliver(self, message: bytes) -> None:
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self.line.fail(CloseCode.NOT_UTF8, "text not in UTF-8")
        else:
            self.line.deliver(text)

    def _count_control(self) -> None:
        now = self.loop.time()
        if now >= self._second + 1:
            self._second = now
            self._controls = 0
        self._controls += 1
        if self._controls > self.bounds.controls:
            self.line.fail(CloseCode.TOO_MANY_MESSAGES, "too many pings")

    def _on_end(self, code: int) -> None:
        if not self.close_sent:
            self.close_sent = True
            self.stop_keepalive()
            self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": ""})

    def _finish(self, code: int) -> None:
        if self.handshake_complete:
            self.line.close(code, SHUTTING_DOWN if code is CloseCode.SERVICE_RESTART else "")
            return
        if not self.line.ended.done() and self.initial_response is None:
            self.logger.error("the application returned without answering the handshake")
            self.send_500_response()
        self.line.finish(code)


def _keep_little_in_kernel(transport: asyncio.Transport) -> None:
    """Have the kernel take little ahead, so that a slow reader's next frame is chosen as late as possible.

    Without this the kernel takes megabytes of totals for a reader that is behind. Not every system has the option.
    """
    sock: socket.socket | None = transport.get_extra_info("socket")
    option: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if sock is not None and option is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):  # some kernels know the name and refuse the option
            sock.setsockopt(socket.IPPROTO_TCP, option, _UNSENT_BYTES)
