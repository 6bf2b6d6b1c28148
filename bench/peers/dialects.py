"""What clients say to the peers: plain JSON, and Socket.IO.

Every voter names itself when it connects, enters the room of poll 1, and votes for options 1 and 2 in turn. As in
Nexus, totals and acknowledgements carry a version that grows with each vote.
"""

from __future__ import annotations

from bench.generator import frames
from bench.generator.dialect import Heard, Kind

_POLL = 1
_OPTIONS = (1, 2)


def _version(payload: bytes) -> int:
    """The number after `"version":`, whatever stands around it."""
    at = payload.index(b'"version":') + 10
    return int(payload[at:].split(b",", 1)[0].split(b"}", 1)[0])


class JsonDialect:
    """JSON messages with a `type`, for a server without a protocol of its own."""

    def __init__(self, port: int) -> None:
        self._host = f"127.0.0.1:{port}"
        self._greeting = frames.frame(b'{"type":"join","poll":%d}' % _POLL)

    def opening(self, client: int) -> bytes:
        """The upgrade request, which names the voter."""
        return frames.upgrade(f"/?voter=user:{client}", self._host)

    def greeting(self, client: int) -> bytes:
        """Join."""
        return self._greeting

    def vote(self, client: int, turn: int) -> bytes:
        """A vote for the options in turn."""
        option = _OPTIONS[turn % len(_OPTIONS)]
        return frames.frame(b'{"type":"vote","op":%d,"poll":%d,"option":%d}' % (turn, _POLL, option))

    def hear(self, payload: bytes) -> Heard:
        """Look at the type, which comes first, and for the version; one server writes a space after its colons."""
        kind = payload[8:20].lstrip(b' :"')
        if kind.startswith(b"totals"):
            return Heard(Kind.TOTALS, _version(payload))
        if kind.startswith(b"ack"):
            return Heard(Kind.ACK, _version(payload))
        return Heard(Kind.ENTERED if kind.startswith(b"joined") else Kind.OTHER)

    def split(self, data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
        """WebSocket frames."""
        return frames.split(data)


class SocketIoDialect:
    """Socket.IO 5 on Engine.IO 4, from the start on its WebSocket transport.

    A packet is a digit of Engine.IO (0 open, 2 ping, 3 pong, 4 message), and in a message one of Socket.IO (0 connect,
    2 event, 3 acknowledgement, 4 refused), then the number of the acknowledgement, if any, and JSON. Number 0 is the
    join's; vote n has n + 1.
    """

    def __init__(self, port: int) -> None:
        self._host = f"127.0.0.1:{port}"
        self._join = frames.frame(b'420["join",%d]' % _POLL)
        self._pong = frames.frame(b"3")

    def opening(self, client: int) -> bytes:
        """The upgrade request."""
        return frames.upgrade("/socket.io/?EIO=4&transport=websocket", self._host)

    def greeting(self, client: int) -> bytes:
        """Connect, which names the voter; the join follows once the server has agreed."""
        return frames.frame(b'40{"voter":"user:%d"}' % client)

    def vote(self, client: int, turn: int) -> bytes:
        """A vote for the options in turn."""
        option = _OPTIONS[turn % len(_OPTIONS)]
        return frames.frame(b'42%d["vote",{"poll":%d,"option":%d}]' % (turn + 1, _POLL, option))

    def hear(self, payload: bytes) -> Heard:
        """Look at the digits, and for the version."""
        if payload.startswith(b'42["totals"'):
            return Heard(Kind.TOTALS, _version(payload))
        if payload.startswith(b"43"):
            return Heard(Kind.ENTERED) if payload.startswith(b"430[") else Heard(Kind.ACK, _version(payload))
        if payload.startswith(b"2"):
            return Heard(Kind.OTHER, reply=self._pong)
        if payload.startswith(b"40"):
            return Heard(Kind.OTHER, reply=self._join)
        return Heard(Kind.REFUSED if payload.startswith((b"1", b"41", b"44")) else Kind.OTHER)

    def split(self, data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
        """WebSocket frames."""
        return frames.split(data)
