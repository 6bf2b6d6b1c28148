"""The line of our own server: no queue and no task between a session and its transport."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from websockets.protocol import SEND_EOF, State
from websockets.server import ServerProtocol

from nexus.rooms.frame import Frame
from nexus.ws.close_codes import SHUTTING_DOWN, CloseCode
from nexus.ws.line import Bounds, Feed, clipped

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent


def _drop(_text: str) -> None:
    """Takes texts once nobody listens any more."""


class DirectLine:
    """Implements `nexus.ws.line.Line` on a transport; `nexus.ws.protocol.SocketProtocol` drives it.

    `queue` is the ASGI queue of the connection: texts wait there until a session listens. `on_end` is called with
    the close code whenever the line begins to end, possibly more than once.
    """

    def __init__(
        self,
        conn: ServerProtocol,
        transport: asyncio.Transport,
        queue: "asyncio.Queue[ASGIReceiveEvent]",
        bounds: Bounds,
        on_end: Callable[[int], None],
    ) -> None:
        self.on_drain: Callable[[], None] | None = None
        self.on_shutdown: Callable[[], None] | None = None
        self.clogged = False
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self._conn = conn
        self._transport = transport
        self._queue = queue
        self._bounds = bounds
        self._on_end: Callable[[int], None] | None = on_end
        self._feed: Feed = self._keep
        self._early = 0
        self._stalling: asyncio.TimerHandle | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._cutting: asyncio.TimerHandle | None = None

    # For the session and the hub.

    def write(self, frame: Frame) -> bool:
        """Write a frame into the transport unless that is clogged or no longer open."""
        if self.clogged or self._conn.state is not State.OPEN or self._transport.is_closing():
            return False
        self._send(frame)
        return True

    def push(self, frame: Frame) -> None:
        """Write a frame, even if clogged; cut the line if too much is unsent."""
        if self._conn.state is not State.OPEN or self._transport.is_closing():
            return
        if self._overfull():
            self.cut("too much unsent")
        else:
            self._send(frame)

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame, and read on until the peer's arrives."""
        self._close(code, reason, self._bounds.close_s)

    def ready_to_close(self) -> None:
        """Close with 1012 if the server is shutting down."""
        if self._leaving is not None:
            self.close(CloseCode.SERVICE_RESTART, SHUTTING_DOWN)

    def attach(self, feed: Feed) -> None:
        """Feed what came before this call, in order, then everything as it arrives."""
        if self._feed is not _drop:
            self._feed = feed
        while not self._queue.empty():
            message = self._queue.get_nowait()
            if message["type"] == "websocket.receive":
                self.deliver(message.get("text") or "")

    # For the protocol.

    def deliver(self, text: str) -> None:
        """Pass one text to the session, or keep it until one listens."""
        try:
            self._feed(text)
        except Exception as exc:  # noqa: BLE001 - raised to the session by `texts`
            self._broken(exc)

    def pause(self) -> None:
        """The transport holds too much: refuse frames, and cut the line if that lasts for `Bounds.stall_s`."""
        self.clogged = True
        if not self.ended.done():
            self._stalling = self._loop.call_later(self._bounds.stall_s, self.cut, "client reads too slowly")

    def resume(self) -> None:
        """The transport has room again: take frames."""
        self.clogged = False
        _cancel(self._stalling)
        if self.on_drain is not None and not self.ended.done():
            self.on_drain()

    def shut_down(self) -> None:
        """Stop listening, and give the session time to finish."""
        if self._feed is _drop or self.ended.done():
            return
        self._feed = _drop
        if self.on_shutdown is None:
            self.close(CloseCode.SERVICE_RESTART, SHUTTING_DOWN)
            return
        self._leaving = self._loop.call_later(
            self._bounds.grace_s, self.close, CloseCode.SERVICE_RESTART, SHUTTING_DOWN
        )
        try:
            self.on_shutdown()
        except Exception as exc:  # noqa: BLE001 - likewise; the other sockets have yet to be told
            self._broken(exc)

    def fail(self, code: int, reason: str) -> None:
        """Send a close frame and a TCP FIN, and discard unread what still arrives.

        This lets the peer read the code (RFC 6455, section 7.1.1): closing a socket with unread data resets it.
        """
        self._conn.fail(code, clipped(reason))
        self._end(code, self._bounds.close_s)

    def cut(self, reason: str) -> None:
        """End a line whose peer does not read: send a close frame in case it does after all, then abort."""
        self._close(CloseCode.TOO_SLOW, reason, self._bounds.last_word_s)

    def finish(self, code: int) -> None:
        """The peer has nothing more to say: flush and close the transport, within `Bounds.close_s`."""
        self._end(code, self._bounds.close_s, listening=True)
        if not self._transport.is_closing():
            self._transport.close()

    def lost(self) -> None:
        """The transport is gone."""
        if not self.ended.done():
            self.ended.set_result(CloseCode.NO_CLOSE_FRAME)
        for timer in (self._stalling, self._leaving, self._cutting):
            _cancel(timer)
        # Drop the session and the protocol, which refer to this line: otherwise only the cycle collector frees them.
        self.on_drain = self.on_shutdown = self._on_end = None
        if self._feed != self._keep:  # otherwise a session may still attach, and ask for what came before
            self._feed = _drop

    def flush(self) -> None:
        """Write what websockets has to send by itself: pongs, close frames, the end of the stream."""
        output = self._conn.data_to_send()
        if not output or self._transport.is_closing():
            return
        if data := b"".join(output):
            self._transport.write(data)
        if output[-1] == SEND_EOF:
            self._half_close()
        elif self._overfull() and not self.ended.done():
            self.cut("too much unsent")

    def _send(self, frame: Frame) -> None:
        if self._conn.extensions:  # compressed: the bytes are for this connection alone
            self._conn.send_text(frame.text)
            self.flush()
        else:
            self._transport.write(frame.wire)

    def _overfull(self) -> bool:
        return self.clogged and self._transport.get_write_buffer_size() > self._bounds.unsent

    def _half_close(self) -> None:
        if self._transport.can_write_eof():  # not over TLS: there the peer is cut after its time
            try:
                self._transport.write_eof()
            except OSError:  # the peer has reset the connection meanwhile
                self._transport.abort()

    def _keep(self, text: str) -> None:
        """Queue a text until a session listens, as any ASGI server does, but within a bound."""
        self._early = len(text) + (0 if self._queue.empty() else self._early)
        if self._queue.qsize() >= self._bounds.early or self._early > self._bounds.early_bytes:
            self.fail(CloseCode.TOO_MANY_MESSAGES, "too many messages")
        else:
            self._queue.put_nowait({"type": "websocket.receive", "text": text})

    def _close(self, code: int, reason: str, within_s: float) -> None:
        if self._conn.state is State.OPEN:
            self._conn.send_close(code, clipped(reason))
        self._end(code, within_s)

    def _end(self, code: int, within_s: float, *, listening: bool = False) -> None:
        """Every way to end comes through here, possibly more than once; only the first time counts."""
        if not listening:
            self._feed = _drop
        if self._on_end is None:  # the transport is gone: nothing is left to end
            return
        if not self.ended.done():
            self.ended.set_result(code)
        _cancel(self._stalling)
        _cancel(self._leaving)
        self._on_end(code)
        self.flush()
        if self._cutting is None:
            self._cutting = self._loop.call_later(within_s, self._transport.abort)

    def _broken(self, exc: Exception) -> None:
        """Pass an exception of a session's callback to `texts`, which raises it to the session."""
        self._feed = _drop
        if self.ended.done():
            context = {"message": "a session failed after its end", "exception": exc}
            self._loop.call_exception_handler(context)
        else:
            self.ended.set_exception(exc)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
