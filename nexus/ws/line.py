"""A line: what a session and the hub see of one socket, on whichever server.

`Line` is the interface. `nexus.ws.direct_line.DirectLine` implements it with the least work, on our own server;
`nexus.ws.asgi_line.AsgiLine` implements it on any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from nexus.access.work import Meter
from nexus.rooms.frame import Frame

EXTENSION = "nexus.line"
"""The ASGI extension under which a server puts its own line into the scope."""


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
    """Characters in those messages, and bytes that may arrive before the handshake is answered."""
    late_bytes: int = 64 * 1024
    """Bytes searched for the peer's close frame once this side is closing."""


class Listener(Protocol):
    """Who reads a line, such as a session. Nothing here may block; what it raises ends its line with 1011."""

    def feed(self, text: str) -> None:
        """Take one text message. None comes once the line has begun to close."""

    def drained(self) -> None:
        """A clogged line can take frames again; called once for each clog."""

    def alarm(self) -> None:
        """The time has come that `Line.wake` was told."""

    def shut_down(self) -> None:
        """The server shuts down, and nothing more is fed: answer what is in flight, then `Line.ready_to_close`."""

    def ended(self, code: int) -> None:
        """Either side has begun to close, or the socket is gone: called once, and nothing is called after it.

        `code` is the one that the peer sent, or ours where this side closed first, or 1006 where there was none.
        """


class Line(Protocol):
    """One accepted socket. Nothing here blocks, and nothing queues without a bound.

    Every method may be called at any time, on an ended line too, and from inside the listener.
    """

    @property
    def clogged(self) -> bool:
        """Whether the reader is behind, so that `write` would refuse."""

    def attach(self, listener: Listener) -> None:
        """Let `listener` hear everything from now on, and before that the texts that have arrived, in order."""

    def wake(self, due: float) -> None:
        """Call the listener's `alarm` at `due`, by the loop's clock; this replaces what was told before."""

    def write(self, frame: Frame) -> bool:
        """Hand over a frame now. False where it was not taken: the reader is behind or gone.

        After False the caller keeps only its newest frame and waits for `Listener.drained`.
        """

    def push(self, frame: Frame) -> None:
        """Hand over a frame that must not be skipped (ack, joined, error), even to a clogged line.

        A line with more than `Bounds.unsent` waiting is cut with 4409 instead; an ended one takes nothing.
        """

    def close(self, code: int, reason: str = "") -> None:
        """Begin to close, cutting the socket after `Bounds.close_s`. Only the first call counts."""

    def ready_to_close(self) -> None:
        """Nothing is in flight any more: after `Listener.shut_down` the line then closes with 1012 at once."""

    def charge_to(self, meter: Meter) -> None:
        """Charge what is read from now on to `meter`, and read nothing while it is over its pace."""

    def charge(self, messages: int) -> None:
        """Charge what a message has cost beyond its reading."""
