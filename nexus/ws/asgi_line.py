"""A line over plain ASGI, for every server that does not offer one of its own."""

from __future__ import annotations

import asyncio
from collections import deque

from starlette.types import Message, Receive, Scope, Send

from nexus.access.work import BYTES, Meter
from nexus.rooms.frame import Frame
from nexus.ws.close_codes import CloseCode
from nexus.ws.early import Nobody
from nexus.ws.line import EXTENSION, Bounds, Line, Listener
from nexus.ws.parser import clipped


class AsgiLine:
    """A line over plain ASGI: a bounded outbox, and one task while there is something in it.

    It cannot cut a socket. It stops sending and ends, the application returns, and the server does the rest.
    """

    def __init__(self, send: Send, bounds: Bounds | None = None) -> None:
        self.clogged = False
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._listener: Listener = Nobody()
        self._send = send
        self._bounds = bounds or Bounds()
        self._outbox: deque[Frame] = deque()
        self._unsent = 0
        self._last: Message | None = None
        self._sender: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self._meter: Meter | None = None
        self._wait_s = 0.0

    def attach(self, listener: Listener) -> None:
        """Let `listener` hear what `read` reads."""
        self._listener = listener

    def wake(self, due: float) -> None:
        """Call the listener's `alarm` at `due`."""
        if self._alarm is not None:
            self._alarm.cancel()
        if not self._ended.done():
            self._alarm = self._loop.call_at(due, self._ring)

    def write(self, frame: Frame) -> bool:
        """Put a frame into the outbox unless that is full or the line has ended."""
        if self.clogged or self._ended.done():
            return False
        self._put(frame)
        return True

    def push(self, frame: Frame) -> None:
        """Put a frame into the outbox, or end the line if that has grown past its bound."""
        if self._ended.done():
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

    def charge_to(self, meter: Meter) -> None:
        """Charge every message that is read from now on."""
        self._meter = meter

    def charge(self, messages: int) -> None:
        """Charge `messages`; the reader waits before it asks for the next one."""
        self._wait_s = 0.0 if self._meter is None else self._meter.charge(messages)

    async def read(self, receive: Receive) -> None:
        """Pass texts from `receive` to the listener until the line ends, and tell it. A binary message closes the line
        with 4500. What the listener, `receive` or `send` raises is raised here."""
        reader = asyncio.create_task(self._read(receive))
        code: int = CloseCode.FAILED
        try:
            code = await self._ended
        finally:
            reader.cancel()
            if self._alarm is not None:
                self._alarm.cancel()
            self._listener.ended(code)
            if self._sender is not None:
                # Returning ends the socket, so the close frame goes first; the timer bounds the wait.
                await asyncio.wait({self._sender}, timeout=self._bounds.close_s)
            self._drop()

    def _ring(self) -> None:
        self._listener.alarm()

    async def _read(self, receive: Receive) -> None:
        try:
            while not self._ended.done():
                message = await receive()
                if message["type"] == "websocket.disconnect":
                    self._lost(message.get("code", CloseCode.NO_CLOSE_FRAME))
                elif message["type"] == "websocket.receive":
                    text = message.get("text")
                    if text is None:
                        self.close(CloseCode.WRONG_PROTOCOL, "text frames only")
                    else:
                        self._listener.feed(text)
                        self.charge(1 + len(text) // BYTES)
                        if self._wait_s:
                            await asyncio.sleep(self._wait_s)
        except Exception as exc:  # noqa: BLE001 - raised by `read`
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
        except Exception as exc:  # noqa: BLE001 - raised by `read`
            self._broken(exc)
        finally:
            self._sender = None

    def _unclog(self) -> None:
        if self.clogged and not self._outbox and not self._ended.done():
            self.clogged = False
            self._stop_timer()
            self._listener.drained()

    def _cut(self, code: int, reason: str) -> None:
        self._outbox.clear()
        self._end(code, reason, self._bounds.last_word_s)

    def _end(self, code: int, reason: str, within_s: float) -> None:
        if self._ended.done():
            return
        self._ended.set_result(code)
        self._last = {"type": "websocket.close", "code": code, "reason": clipped(reason)}
        self._stop_timer()
        self._start()
        self._timer = self._loop.call_later(within_s, self._drop)

    def _lost(self, code: int) -> None:
        if not self._ended.done():
            self._ended.set_result(code)
        self._drop()

    def _broken(self, exc: Exception) -> None:
        if self._ended.done():
            context = {"message": "a line failed after its end", "exception": exc}
            self._loop.call_exception_handler(context)
        else:
            self._ended.set_exception(exc)
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


def line_of(scope: Scope, send: Send) -> Line:
    """The line of an accepted socket: the server's own where it offers one, else one over `send`."""
    line: Line | None = (scope.get("extensions") or {}).get(EXTENSION)
    return AsgiLine(send) if line is None else line


async def listen(line: Line, receive: Receive, listener: Listener) -> None:
    """Let `listener` hear a line. Returns at once where the server then calls it by itself, else when the line has
    ended; either way `Listener.ended` is called once."""
    line.attach(listener)
    if isinstance(line, AsgiLine):
        await line.read(receive)
