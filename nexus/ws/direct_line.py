"""The line of our own server: it reads frames as they arrive, and passes texts to its listener at once.

What is rare has no place of its own: a frame that is incomplete, a message in fragments. `nexus.ws.protocol` makes a
line and opens it; from then on the transport calls it. The frames are those of `nexus.ws.parser`.
"""

from __future__ import annotations

import asyncio

from nexus.access.work import BYTES, Meter
from nexus.ws.close_codes import CloseCode
from nexus.ws.exchange import Exchange
from nexus.ws.parser import (
    BINARY,
    CLOSE,
    FIN,
    PING,
    PONG,
    TEXT,
    BadFrame,
    control_frame,
    read_close,
    read_frame,
    short_text,
)
from nexus.ws.socket_life import CLOSING, LOST, OPEN, SocketLife

TOO_MANY_FRAGMENTS = "too many fragments"
"""The reason that is sent with 1009 where it is not the size."""


class DirectLine(SocketLife):
    """One socket of ours, as the protocol of its transport."""

    __slots__ = ("_controls", "_late", "_meter", "_pieces", "_rest", "_resting", "_second")

    def __init__(self, exchange: Exchange, transport: asyncio.Transport) -> None:
        super().__init__(exchange, transport)
        self._rest: bytes | None = None
        self._pieces: list[bytes] | None = None
        self._controls = self._second = self._late = 0
        self._meter: Meter | None = None
        self._resting = False

    def charge_to(self, meter: Meter) -> None:
        """Charge whatever is read from now on."""
        self._meter = meter

    def charge(self, messages: int) -> None:
        """Charge `messages`, and stop reading where the meter says so: what comes meanwhile waits in the network."""
        wait_s = 0.0 if self._meter is None else self._meter.charge(messages)
        if not wait_s or self._resting or self._stage != OPEN:
            return
        self._resting = True
        self._transport.pause_reading()
        self._exchange.loop.call_later(wait_s, self._read_on)

    def _read_on(self) -> None:
        self._resting = False
        if self._stage != LOST and not self._transport.is_closing():
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived and deliver it before returning: nothing queues, and reads never pause."""
        self._heard_at = self._exchange.loop.time()
        if self._rest is None and self._pieces is None and self._stage == OPEN:
            text = short_text(data)
            if text is not None:
                self._deliver(text)
                self.charge(1)
                return
        if self._stage == CLOSING:
            self._late += len(data)
            if self._late > self._exchange.bounds.late_bytes:
                self._turn_deaf()
        frames = 0
        try:
            frames = self._read(data)
        except BadFrame as bad:
            self._fail(bad.code, bad.reason or f"message over {self._exchange.most} bytes")
        self.charge(1 + frames + len(data) // BYTES)

    def _read(self, data: bytes) -> int:
        """Take all whole frames; returns how many there were."""
        frames = 0
        if self._rest is not None:
            data, self._rest = self._rest + data, None
        at = 0
        while self._stage in (OPEN, CLOSING):
            pieces = self._pieces
            room = self._exchange.most - (0 if pieces is None else sum(map(len, pieces)))
            frame = read_frame(data, at, room, in_message=pieces is not None)
            if frame is None:
                if at < len(data):
                    self._rest = data[at:]
                break
            frames += 1
            at = frame.end
            self._take(frame.first & FIN, frame.first & 0x0F, frame.payload)
        return frames

    def _take(self, fin: int, opcode: int, payload: bytes) -> None:
        if opcode in (PING, PONG):
            self._take_control(opcode, payload)
        elif opcode == CLOSE:
            self._take_close(payload)
        elif opcode == BINARY:
            self._fail(CloseCode.WRONG_PROTOCOL, "text frames only")
        elif opcode == TEXT and fin:
            self._deliver(payload)
        elif opcode == TEXT:
            self._pieces = [payload]
        else:
            self._take_piece(fin, payload)

    def _take_piece(self, fin: int, payload: bytes) -> None:
        pieces = self._pieces or []
        pieces.append(payload)
        if len(pieces) > self._exchange.bounds.fragments:
            self._fail(CloseCode.TOO_BIG, TOO_MANY_FRAGMENTS)
        elif fin:
            self._pieces = None
            self._deliver(b"".join(pieces))

    def _take_control(self, opcode: int, payload: bytes) -> None:
        second = int(self._heard_at)
        if second != self._second:
            self._second = second
            self._controls = 0
        self._controls += 1
        if self._controls > self._exchange.bounds.controls:
            self._fail(CloseCode.TOO_MANY_MESSAGES, "too many pings")
        elif opcode == PING and self._stage == OPEN and self._has_room():
            self._transport.write(control_frame(PONG, payload))

    def _take_close(self, payload: bytes) -> None:
        code = read_close(payload)
        if self._pieces is not None:
            raise BadFrame(CloseCode.PROTOCOL_ERROR, "incomplete fragmented message")
        if self._stage == OPEN:
            self._transport.write(control_frame(CLOSE, payload))
        self._finish(code)

    def _deliver(self, payload: bytes) -> None:
        if self._stage != OPEN or self._leave_at is not None:
            return
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            self._fail(CloseCode.NOT_UTF8, "text not in UTF-8")
        else:
            self._tell(self._listener.feed, text)
