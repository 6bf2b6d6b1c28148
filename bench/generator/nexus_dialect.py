"""Nexus's own dialects: `nexus.v1` on a WebSocket, and votes over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from bench.generator import frames
from bench.generator.dialect import Heard, Kind

_VERSIONS = 10**9  # more than any poll has
_FIRST_HTTP_BYTE = frames.TEXT  # answers over HTTP go the way of text frames


@dataclass(frozen=True)
class HotPoll:
    """A poll to vote in."""

    id: int
    options: list[int]
    code: str = ""


class _Ops:
    """Ops without end, no two alike: UUIDs in the layout of version 7."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def next(self) -> bytes:
        number = next(self._numbers)
        return b"0193a5c0-%04x-7000-8000-%012x" % (number >> 20 & 0xFFFF, number)


class SocketDialect:
    """`nexus.v1` (docs/contract.md, "Client messages").

    Client n has the n-th token. It joins the poll n modulo their number and votes there; with `once` it joins the
    first poll and votes in each poll in turn, so that every vote is the first one of its voter in a poll.
    """

    def __init__(self, host: str, polls: Sequence[HotPoll], tokens: Sequence[str], *, once: bool = False) -> None:
        self._opening = frames.upgrade("/ws", host, "nexus.v1")
        self._polls = polls
        self._tokens = [token.encode() for token in tokens]
        self._once = once
        self._ops = _Ops()

    def opening(self, client: int) -> bytes:
        """The upgrade request."""
        return self._opening

    def greeting(self, client: int) -> bytes:
        """Hello and join."""
        poll = self._polls[0 if self._once else client % len(self._polls)]
        hello = frames.frame(b'{"type":"hello","token":"%s"}' % self._tokens[client])
        return hello + frames.frame(b'{"type":"join","poll":%d}' % poll.id)

    def vote(self, client: int, turn: int) -> bytes:
        """A vote for the options in turn."""
        if self._once and turn >= len(self._polls):
            raise RuntimeError("the voters ran out of polls")
        poll = self._polls[turn if self._once else client % len(self._polls)]
        option = poll.options[turn % len(poll.options)]
        vote = b'{"type":"vote","op":"%s","poll":%d,"options":[%d]}' % (self._ops.next(), poll.id, option)
        return frames.frame(vote)

    def hear(self, payload: bytes) -> Heard:
        """Look at the first bytes, and for the version."""
        if payload.startswith(b'{"type":"ack"'):
            return Heard(Kind.ACK, _version(payload))
        if payload.startswith(b'{"type":"totals"'):
            return Heard(Kind.TOTALS, _version(payload))
        if payload.startswith(b'{"type":"joined"'):
            return Heard(Kind.ENTERED)
        if payload.startswith((b'{"type":"reject"', b'{"type":"retry"', b'{"type":"error"')):
            return Heard(Kind.REFUSED)
        return Heard(Kind.OTHER)

    def split(self, data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
        """WebSocket frames."""
        return frames.split(data)


class FollowerDialect(SocketDialect):
    """Clients that follow an event, and each vote once in each of its polls, in their order.

    The versions of its polls are made one order, that of the event: those of a later poll are greater.
    """

    def __init__(self, host: str, event: int, polls: Sequence[HotPoll], tokens: Sequence[str]) -> None:
        super().__init__(host, polls, tokens, once=True)
        self._join = frames.frame(b'{"type":"join","event":%d}' % event)
        self._place = {poll.id: n * _VERSIONS for n, poll in enumerate(polls)}

    def greeting(self, client: int) -> bytes:
        """Hello and join."""
        return frames.frame(b'{"type":"hello","token":"%s"}' % self._tokens[client]) + self._join

    def hear(self, payload: bytes) -> Heard:
        """Look at the first bytes, and for the revision, or the poll and its version."""
        if payload.startswith(b'{"type":"shown"'):
            return Heard(Kind.SHOWN, _number(payload, b'"revision":'))
        if payload.startswith(b'{"type":"entered"'):
            return Heard(Kind.ENTERED)
        heard = super().hear(payload)
        if heard.kind not in (Kind.ACK, Kind.TOTALS):
            return heard
        return Heard(heard.kind, heard.version + self._place[_number(payload, b'"poll":')])


class WaitingDialect(SocketDialect):
    """Clients that wait for the poll of a code, without a token; what is taken for totals is that it is ready."""

    def __init__(self, host: str, code: str) -> None:
        super().__init__(host, [], [])
        self._wait = frames.frame(b'{"type":"wait","code":"%s"}' % code.encode())

    def greeting(self, client: int) -> bytes:
        """That it waits."""
        return self._wait

    def hear(self, payload: bytes) -> Heard:
        """Look at the first bytes."""
        if payload.startswith(b'{"type":"ready"'):
            return Heard(Kind.TOTALS, 1)
        if payload.startswith(b'{"type":"waiting"'):
            return Heard(Kind.ENTERED)
        return Heard(Kind.REFUSED if payload.startswith(b'{"type":"error"') else Kind.OTHER)


def _version(payload: bytes) -> int:
    return _number(payload, b'"version":')


def _number(payload: bytes, name: bytes) -> int:
    at = payload.find(name) + len(name)
    return int(payload[at : payload.find(b",", at)])


class HttpDialect:
    """Votes over HTTP, on connections that stay open (docs/contract.md, "Voting")."""

    def __init__(self, host: str, polls: Sequence[HotPoll], tokens: Sequence[str]) -> None:
        self._polls = polls
        self._ops = _Ops()
        self._heads = [
            f"Host: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n".encode()
            for token in tokens
        ]

    def opening(self, client: int) -> bytes:
        """Read the poll: the answer says that the connection serves."""
        return b"GET /health/live HTTP/1.1\r\n" + self._heads[client] + b"\r\n"

    def greeting(self, client: int) -> bytes:
        """Nothing: there is no handshake."""
        return b""

    def vote(self, client: int, turn: int) -> bytes:
        """A vote for the options in turn."""
        poll = self._polls[client % len(self._polls)]
        body = b'{"option":%d}' % poll.options[turn % len(poll.options)]
        return b"POST /polls/%d/vote/ HTTP/1.1\r\n%sIdempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s" % (
            *(poll.id, self._heads[client], self._ops.next(), len(body)),
            body,
        )

    def hear(self, payload: bytes) -> Heard:
        """The first line says it; answers to votes have a version."""
        if not payload.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            return Heard(Kind.REFUSED)
        return Heard(Kind.ACK, _version(payload)) if b'"version":' in payload else Heard(Kind.ENTERED)

    def split(self, data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
        """Whole answers, each with its head."""
        answers = []
        while (end := data.find(b"\r\n\r\n")) >= 0:
            at = data.lower().find(b"content-length:", 0, end) + 15
            size = int(data[at : data.find(b"\r\n", at)]) if at >= 15 else 0
            if len(data) < end + 4 + size:
                break
            answers.append((_FIRST_HTTP_BYTE, data[: end + 4 + size]))
            data = data[end + 4 + size :]
        return answers, data
