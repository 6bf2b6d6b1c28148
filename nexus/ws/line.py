"""A line: what a session and the hub see of one socket, on whichever server.

`Line` is the interface. `nexus.ws.direct_line.DirectLine` implements it with the least work, on our own server;
`AsgiLine` implements it on any other.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from starlette.types import Message, Receive, Scope, Send

from nexus.rooms.frame import Frame
from nexus.ws.close_codes import CloseCode

Feed = Callable[[str], None]
"""Takes one text message, at once and without blocking."""

EXTENSION = "nexus.line"
"""The ASGI extension under which a server puts its own line into the scope."""

# RFC 6455, section 5.5: a control frame holds 125 bytes, and the code takes 2.
_REASON_BYTES = 123


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one socket may cost. Times are in seconds, sizes in bytes."""

    stall_s: float = 20.0
    """How long a reader may stay clogged."""
    close_s: float = 5.0
    """From the first step of closing until the socket is cut, whatever the peer does."""
    last_word_s: float = 0.25
    """The same for a peer that cannot be expected to read its close frame."""
    grace_s: float = 2.0
    """The time that a shutdown leaves a session for its answers in flight."""
    high: int = 64 * 1024
    """Unsent bytes from which a line is clogged."""
    unsent: int = 256 * 1024
    """Unsent bytes at which a line is cut."""
    fragments: int = 64
    """The most frames that one message may consist of."""
    controls: int = 100
    """Pings and pongs a peer may send within a second."""
    early: int = 64
    """Messages that may wait until a session listens."""
    early_bytes: int = 64 * 1024
    """Characters in those messages."""
    late_bytes: int = 64 * 1024
    """Bytes searched for the peer's close frame once this side is closing."""


class Line(Protocol):
    """One accepted socket. Nothing here blocks, and nothing queues without a bound.

    Every method may be called at any time, on an ended line too, and from inside the callbacks.
    """

    on_drain: Callable[[], None] | None
    """Called once each time a clogged line can take frames again."""

    on_shutdown: Callable[[], None] | None
    """Called once when the server shuts down. Nothing more is fed: answer what is in flight, then `ready_to_close`."""

    @property
    def ended(self) -> "asyncio.Future[int]":
        """Resolves to the close code as soon as either side has begun to close."""

    @property
    def clogged(self) -> bool:
        """Whether the reader is behind, so that `write` would refuse."""

    def write(self, frame: Frame) -> bool:
        """Hand over a frame now. False where it was not taken: the reader is behind or gone.

        After False the caller keeps only its newest frame and waits for `on_drain`.
        """

    def push(self, frame: Frame) -> None:
        """Hand over a frame that must not be skipped (ack, joined, error), even to a clogged line.

        A line with more than `Bounds.unsent` waiting is cut with 4409 instead; an ended one takes nothing.
        """

    def close(self, code: int, reason: str = "") -> None:
        """Begin to close, cutting the socket after `Bounds.close_s`. Only the first call counts."""

    def ready_to_close(self) -> None:
        """Nothing is in flight any more: after `on_shutdown` the line then closes with 1012 at once."""


@runtime_checkable
class LineListener(Protocol):
    """A line whose server delivers texts to it directly, past the ASGI queue."""

    def attach(self, feed: Feed) -> None:
        """Feed the texts that arrived before this call, in order, and from now on each as it arrives."""


class AsgiLine:
    """A line over plain ASGI: a bounded outbox, and one task while there is something in it.

    It cannot cut a socket. It stops sending and ends, the application returns, and the server does the rest.
    """

    def __init__(self, send: Send, bounds: Bounds | None = None) -> None:
        self.on_drain: Callable[[], None] | None = None
        self.on_shutdown: Callable[[], None] | None = None
        self.clogged = False
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[int] = self._loop.create_future()
        self._send = send
        self._bounds = bounds or Bounds()
        self._outbox: deque[Frame] = deque()
        self._unsent = 0
        self._last: Message | None = None
        self._sender: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def write(self, frame: Frame) -> bool:
        """Put a frame into the outbox unless that is full or the line has ended."""
        if self.clogged or self.ended.done():
            return False
        self._put(frame)
        return True

    def push(self, frame: Frame) -> None:
        """Put a frame into the outbox, or end the line if that has grown past its bound."""
        if self.ended.done():
            return
        if self._unsent > self._bounds.unsent:
            self._cut(CloseCode.TOO_SLOW, "too much unsent")
        else:
            self._put(frame)

    def close(self, code: int, reason: str = "") -> None:
        """Send what is in the outbox and then the close frame, within `Bounds.close_s`."""
        self._end(code, reason, self._bounds.close_s)

    def ready_to_close(self) -> None:
        """Do nothing: other servers do not announce that they shut down."""

    async def read(self, receive: Receive, feed: Feed) -> int:
        """Pass texts from `receive` to `feed` until the line ends; see `texts`."""
        reader = asyncio.create_task(self._read(receive, feed))
        try:
            return await self.ended
        finally:
            reader.cancel()
            if self._sender is not None:
                # Returning ends the socket, so the close frame goes first; the timer bounds the wait.
                await asyncio.wait({self._sender}, timeout=self._bounds.close_s)
            self._drop()

    async def _read(self, receive: Receive, feed: Feed) -> None:
        try:
            while not self.ended.done():
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    self._lost(message.get("code", CloseCode.NO_CLOSE_FRAME))
                elif message["type"] == "websocket.receive":
                    text = message.get("text")
                    if text is None:
                        self.close(CloseCode.WRONG_PROTOCOL, "text frames only")
                    else:
                        feed(text)
        except Exception as exc:  # noqa: BLE001 - raised to the session by `texts`
            self._broken(exc)

    def _put(self, frame: Frame) -> None:
        self._outbox.append(frame)
        self._unsent += len(frame.text)
        if self._unsent >= self._bounds.high and not self.clogged:
            self.clogged = True
            self._timer = self._loop.call_later(
                self._bounds.stall_s, self._cut, CloseCode.TOO_SLOW, "client reads too slowly"
            )
        self._start()

    def _start(self) -> None:
        if self._sender is None:
            self._sender = asyncio.create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._outbox:
                frame = self._outbox.popleft()
                await self._send({"type": "websocket.send", "text": frame.text.decode()})
                self._unsent -= len(frame.text)
                self._unclog()
            if self._last is not None:
                await self._send(self._last)
        except OSError:  # as ASGI prescribes for sending to a peer that is gone
            self._lost(CloseCode.NO_CLOSE_FRAME)
        except Exception as exc:  # noqa: BLE001 - raised to the session by `texts`
            self._broken(exc)
        finally:
            self._sender = None

    def _unclog(self) -> None:
        if self.clogged and not self._outbox and not self.ended.done():
            self.clogged = False
            self._stop_timer()
            if self.on_drain is not None:
                self.on_drain()

    def _cut(self, code: int, reason: str) -> None:
        self._outbox.clear()
        self._end(code, reason, self._bounds.last_word_s)

    def _end(self, code: int, reason: str, within_s: float) -> None:
        if self.ended.done():
            return
        self.ended.set_result(code)
        self._last = {"type": "websocket.close", "code": code, "reason": clipped(reason)}
        self._stop_timer()
        self._start()
        self._timer = self._loop.call_later(within_s, self._drop)

    def _lost(self, code: int) -> None:
        if not self.ended.done():
            self.ended.set_result(code)
        self._drop()

    def _broken(self, exc: Exception) -> None:
        if self.ended.done():
            context = {"message": "a line failed after its end", "exception": exc}
            self._loop.call_exception_handler(context)
        else:
            self.ended.set_exception(exc)
        self._drop()

    def _drop(self) -> None:
        self._outbox.clear()
        self._stop_timer()
        if self._sender is not None and self._sender is not asyncio.current_task():
            self._sender.cancel()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def clipped(reason: str) -> str:
    """As much of `reason` as fits into a close frame."""
    return reason.encode()[:_REASON_BYTES].decode(errors="ignore")


def line_of(scope: Scope, send: Send) -> Line:
    """The line of an accepted socket: the server's own where it offers one, else one over `send`."""
    line: Line | None = (scope.get("extensions") or {}).get(EXTENSION)
    return AsgiLine(send) if line is None else line


async def texts(line: Line, receive: Receive, feed: Feed) -> int:
    """Pass every text that arrives to `feed`, in order, until the line ends. Returns the close code.

    The code is the one the peer sent, or ours where this side closed first, or 1006 where there was none. A binary
    message closes the line with 4500. What `feed` raises is raised here.
    """
    if isinstance(line, AsgiLine):
        return await line.read(receive, feed)
    if not isinstance(line, LineListener):
        raise TypeError(f"{type(line).__name__} has no `attach`")
    line.attach(feed)
    return await line.ended
