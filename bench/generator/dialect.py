"""What the clients of a server say, and how they understand it: one generator drives every server by its dialect."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple, Protocol


class Kind(IntEnum):
    """What a payload is to a client."""

    OTHER = 0
    """Nothing that is measured."""
    ENTERED = 1
    """The client is where it wanted to be: in its room, or ready to vote."""
    ACK = 2
    """Its vote is committed."""
    TOTALS = 3
    """The counts, for everyone in the room."""
    REFUSED = 4
    """Something was not accepted: counted, and reported as an error."""
    SHOWN = 5
    """The event that it follows has moved on; the version is the event's revision."""


class Heard(NamedTuple):
    """A payload, understood. `version` orders totals and acks of one poll, and is 0 where the server has none;
    `reply` is what the client has to send at once (a raw frame), empty for nothing."""

    kind: Kind
    version: int = 0
    reply: bytes = b""


class Dialect(Protocol):
    """What the clients of one server say. Clients are numbered from 0; everything returned is raw bytes to send."""

    def opening(self, client: int) -> bytes:
        """What a client sends once it is connected: the upgrade request, or nothing where there is no handshake."""

    def greeting(self, client: int) -> bytes:
        """What it sends once the handshake is answered with 101, all frames in one."""

    def vote(self, client: int, turn: int) -> bytes:
        """Its vote number `turn`, from 0: a different choice each time."""

    def hear(self, payload: bytes) -> Heard:
        """Understand the payload of one text frame."""

    def split(self, data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
        """Whole messages at the beginning of `data`, each as its first byte and payload; and what is left.

        `bench.generator.frames.split` for a WebSocket.
        """
