"""How a socket lives and ends once its handshake has been answered: what is written to it, when it is pinged or cut,
and in which steps it closes. `nexus.ws.direct_line` adds how it is read.

No task, no queue, no timer and no request is left of it: a transport, one object, and its listener. Its bounds are
those of `nexus.ws.line.Bounds`; without each of them one socket could harm the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from nexus.rooms.frame import Frame
from nexus.ws.close_codes import SHUTTING_DOWN, CloseCode
from nexus.ws.early import Early, Nobody
from nexus.ws.exchange import Exchange
from nexus.ws.line import Listener
from nexus.ws.parser import PING_FRAME, close_frame

logger = logging.getLogger(__name__)

# What becomes of a socket, in this order.
OPENING = 0
"""The handshake has not been answered."""
OPEN = 1
CLOSING = 2
"""Our close frame is sent, the peer's has not come."""
DEAF = 3
"""Nothing is said any more, and what arrives is thrown away."""
LOST = 4
"""The transport is gone."""


class SocketLife(asyncio.Protocol):
    """Implements `nexus.ws.line.Line` on a transport, but for the reading."""

    __slots__ = (
        "__weakref__",
        "_alarm_at",
        "_clogged_at",
        "_code",
        "_cut_at",
        "_exchange",
        "_heard_at",
        "_leave_at",
        "_listener",
        "_pinged_at",
        "_stage",
        "_taking",
        "_transport",
        "tick",
    )

    def __init__(self, exchange: Exchange, transport: asyncio.Transport) -> None:
        self._exchange = exchange
        self._transport = transport
        self._listener: Listener = Nobody()
        self._stage = OPENING
        self._taking = False
        self._code: int | None = None
        self._heard_at = 0.0
        self._pinged_at: float | None = None
        self._clogged_at: float | None = None
        self._alarm_at: float | None = None
        self._leave_at: float | None = None
        self._cut_at: float | None = None
        self.tick: int | None = None

    # For the session and the hub.

    @property
    def clogged(self) -> bool:
        """Whether the transport holds more than `Bounds.high`."""
        return self._clogged_at is not None

    def write(self, frame: Frame) -> bool:
        """Write a frame into the transport unless that is clogged or the line is not open."""
        if self._taking:
            self._transport.write(frame.wire)
            return True
        return False

    def push(self, frame: Frame) -> None:
        """Write a frame, even if clogged; cut the line if too much is unsent."""
        if self._stage == OPEN and self._has_room():
            self._transport.write(frame.wire)

    def close(self, code: int, reason: str = "") -> None:
        """Send a close frame, and read on until the peer's arrives."""
        self._close(code, reason, self._exchange.bounds.close_s)

    def ready_to_close(self) -> None:
        """Close with 1012 if the server is shutting down."""
        if self._leave_at is not None:
            self.close(CloseCode.SERVICE_RESTART, SHUTTING_DOWN)

    def attach(self, listener: Listener) -> None:
        """Feed what came before this call, in order, then everything as it arrives."""
        before, self._listener = self._listener, listener
        for text in before.take() if isinstance(before, Early) else ():
            if self._stage == CLOSING:  # by us, for one of these texts; what came before a peer's close is heard
                break
            self._tell(listener.feed, text)
        if self._code is not None:
            self._exchange.loop.call_soon(self._tell_end)

    def wake(self, due: float) -> None:
        """Have the wheel look at this line by then."""
        self._alarm_at = due
        self._plan(due)

    # For the handshake.

    @property
    def is_open(self) -> bool:
        """Whether the handshake has been answered and neither side has begun to close."""
        return self._stage == OPEN

    @property
    def is_heard(self) -> bool:
        """Whether a session has attached itself, which then lives as long as the line."""
        return not isinstance(self._listener, Early)

    def open(self) -> None:
        """The handshake has been answered."""
        now = self._exchange.loop.time()
        self._stage = OPEN
        self._taking = True
        self._heard_at = now
        self._listener = Early(self, self._exchange.bounds)
        self._exchange.connections.add(self)
        self._plan(now + self._exchange.ping_s)

    # For the transport.

    def eof_received(self) -> None:
        """Close this side too, within a bound: the peer may never take what is unsent."""
        self._finish(CloseCode.NO_CLOSE_FRAME)

    def pause_writing(self) -> None:
        """The transport holds too much: refuse frames, and cut the line if that lasts for `Bounds.stall_s`."""
        now = self._exchange.loop.time()
        self._clogged_at = now
        self._taking = False
        self._plan(now + self._exchange.bounds.stall_s)

    def resume_writing(self) -> None:
        """The transport has room again: take frames."""
        self._clogged_at = None
        if self._stage == OPEN:
            self._taking = True
            self._tell(self._listener.drained)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._note_end(CloseCode.NO_CLOSE_FRAME)
        self._stage = LOST
        self._taking = False
        self._exchange.wheel.drop(self)
        self._exchange.connections.discard(self)

    # For the server.

    def shutdown(self) -> None:
        """Stop listening, and give the session time to finish."""
        if self._code is not None or self._leave_at is not None:
            return
        self._leave_at = self._exchange.loop.time() + self._exchange.bounds.grace_s
        self._plan(self._leave_at)
        self._tell(self._listener.shut_down)

    def look(self, now: float) -> float | None:
        """Do what is due: cut, leave, wake the session, or ping."""
        if self._cut_at is not None:
            if now >= self._cut_at:
                self._transport.abort()
                return None
            return self._cut_at
        bounds = self._exchange.bounds
        if self._leave_at is not None and now >= self._leave_at:
            self.close(CloseCode.SERVICE_RESTART, SHUTTING_DOWN)
        elif self._clogged_at is not None and now >= self._clogged_at + bounds.stall_s:
            self._cut("client reads too slowly")
        elif self._alarm_at is not None and now >= self._alarm_at:
            self._alarm_at = None
            self._tell(self._listener.alarm)
        return self._next_look(now) if self._stage == OPEN else self._cut_at

    def _next_look(self, now: float) -> float:
        due = [self._check_pulse(now)]
        if self._clogged_at is not None:
            due.append(self._clogged_at + self._exchange.bounds.stall_s)
        due += [at for at in (self._alarm_at, self._leave_at, self._cut_at) if at is not None]
        return min(due)

    def _check_pulse(self, now: float) -> float:
        """Ping a peer from which nothing has been heard, or cut it. Returns when to check again."""
        pinged = self._pinged_at
        if pinged is not None and self._heard_at < pinged:
            until = pinged + self._exchange.pong_s
            if now >= until:
                self._cut("no answer to a ping")
            return until
        until = self._heard_at + self._exchange.ping_s
        if now < until:
            return until
        self._pinged_at = now
        self._transport.write(PING_FRAME)
        return now + self._exchange.pong_s

    # Telling.

    def _tell(self, call: Callable[..., None], *arguments: str | int) -> None:
        """Tell the listener; where that fails, it is the end of this line alone."""
        try:
            call(*arguments)
        except Exception:
            logger.exception("a session failed")
            self.close(CloseCode.FAILED)

    # Ending.

    def _has_room(self) -> bool:
        """Whether more may be written to a line; one that is over the bound is cut."""
        if self._clogged_at is None or self._transport.get_write_buffer_size() <= self._exchange.bounds.unsent:
            return True
        self._cut("too much unsent")
        return False

    def _close(self, code: int, reason: str, within_s: float) -> None:
        if self._stage == OPEN:
            self._stage = CLOSING
            self._transport.write(close_frame(code, reason))
        self._end(code, within_s)

    def _cut(self, reason: str) -> None:
        """End a line whose peer does not read: send a close frame in case it does after all, then abort."""
        self._close(CloseCode.TOO_SLOW, reason, self._exchange.bounds.last_word_s)

    def _fail(self, code: int, reason: str) -> None:
        """Send a close frame and a TCP FIN, and discard unread what still arrives.

        This lets the peer read the code (RFC 6455, section 7.1.1): closing a socket with unread data resets it.
        """
        if self._stage == OPEN:
            self._transport.write(close_frame(code, reason))
        self._turn_deaf()
        self._end(code, self._exchange.bounds.close_s)

    def _finish(self, code: int) -> None:
        """The peer has nothing more to say: flush and close the transport, within `Bounds.close_s`."""
        if self._stage != LOST:
            self._stage = DEAF
            self._end(code, self._exchange.bounds.close_s)
            self._transport.close()

    def _turn_deaf(self) -> None:
        self._stage = DEAF
        if self._transport.can_write_eof():  # not over TLS: there the peer is cut after its time
            try:
                self._transport.write_eof()
            except OSError:  # the peer has reset the connection meanwhile
                self._transport.abort()

    def _end(self, code: int, within_s: float) -> None:
        """Every way to end comes through here, possibly more than once; only the first time counts."""
        self._taking = False
        if self._stage == LOST:
            return
        self._note_end(code)
        if self._cut_at is None:
            self._cut_at = self._exchange.loop.time() + within_s
            self._plan(self._cut_at)

    def _note_end(self, code: int) -> None:
        if self._code is None:
            self._code = code
            # Not at once: a session may be in the middle of what has led here.
            self._exchange.loop.call_soon(self._tell_end)

    def _tell_end(self) -> None:
        """Part from the listener, which refers to this line: otherwise only the cycle collector would free both."""
        listener = self._listener
        if self._code is not None and not isinstance(listener, Early):
            self._listener = Nobody()
            self._tell(listener.ended, self._code)

    def _plan(self, due: float) -> None:
        if self._stage != LOST:
            self._exchange.wheel.put(self, due)
