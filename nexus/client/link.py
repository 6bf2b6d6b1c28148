"""One socket of a client, from its handshake to its close: questions and their answers, and what comes unasked."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, TypeVar
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from nexus.client.close_codes import NO_CLOSE_FRAME, WRONG_PROTOCOL
from nexus.client.errors import TurnedAway, Unreachable
from nexus.client.messages import (
    Error,
    Event,
    Expiring,
    Joined,
    Message,
    Pong,
    Receipt,
    Reject,
    Retry,
    Verdict,
    Welcome,
    decode,
)

log = logging.getLogger("nexus.client")

SUBPROTOCOL = Subprotocol("nexus.v1")

OPEN_S = 10.0
CLOSE_S = 1.0
BIGGEST = 2 * 1024 * 1024
"""Bytes of a message of the server: a poll of 100 options stays far below."""
PASSING_STATUSES = frozenset({408, 425, 429})
"""Beside 5xx, the HTTP statuses of a handshake that may succeed later."""

T = TypeVar("T")
Question = Literal["hello", "join", "ping"]
Answer = Welcome | Joined | Pong | Error
Entered = Callable[[Joined], None]


class _Asked(NamedTuple):
    answer: asyncio.Future[Answer | None]
    entered: Entered | None


class Clock:
    """The server's clock, from its answers: the best of the last samples, by how long the answer took."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, datetime]] = deque(maxlen=8)

    def learn(self, asked: float, answered: float, server_now: datetime) -> None:
        """Take an answer that was asked for and came at these monotonic seconds."""
        middle = timedelta(seconds=(asked + answered) / 2)
        self._samples.append((answered - asked, server_now - middle))

    def at(self, monotonic: float) -> datetime:
        """What the server's clock shows at monotonic seconds; this machine's own before the first sample."""
        if not self._samples:
            return datetime.now(UTC)
        _, zero = min(self._samples)
        return zero + timedelta(seconds=monotonic)


async def open_link(url: str, take: Callable[[Event], None]) -> Link:
    """Connect; `take` is given what concerns rooms, at once and in order.

    Raises `Unreachable` for what may pass, `TurnedAway` for what will not.
    """
    try:
        socket = await connect(
            url,
            subprotocols=[SUBPROTOCOL],
            compression=None,
            open_timeout=OPEN_S,
            close_timeout=CLOSE_S,
            ping_interval=None,  # the client asks in its own words, which set its clock too
            max_size=BIGGEST,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if status in PASSING_STATUSES or status >= 500:
            raise Unreachable(f"the server answers {status} at {url}") from error
        raise TurnedAway(status, f"there is no Nexus at {url}") from error
    except (OSError, InvalidHandshake) as error:
        raise Unreachable(f"cannot connect to {url}: {error}") from error
    if socket.subprotocol != SUBPROTOCOL:
        await socket.close()
        raise TurnedAway(WRONG_PROTOCOL, f"the server at {url} does not speak {SUBPROTOCOL}")
    return Link(socket, take)


class Link:
    """An open socket. Every wait for an answer ends, with None, when the socket does."""

    def __init__(self, socket: ClientConnection, take: Callable[[Event], None]) -> None:
        self._socket = socket
        self._take = take
        self._acts: dict[UUID, asyncio.Future[Verdict | None]] = {}
        self._asked: dict[str, _Asked] = {}
        self._turns: dict[Question, asyncio.Lock] = {kind: asyncio.Lock() for kind in ("hello", "join", "ping")}
        self.lost = False
        """Whether it has ended."""
        self.expiring = asyncio.Event()
        """Set when the server says that the token will end soon."""

    @property
    def close_code(self) -> int:
        """With which code it ended."""
        return self._socket.close_code or NO_CLOSE_FRAME

    @property
    def close_reason(self) -> str:
        """With which words it ended."""
        return self._socket.close_reason or ""

    async def read(self) -> None:
        """Take everything that arrives, until the socket ends."""
        try:
            while True:
                message = decode(await self._socket.recv(decode=False))
                if message is not None:
                    self._sort(message)
        except ConnectionClosed:
            self._lose()

    async def close(self) -> None:
        """Say goodbye, within a bound."""
        self._lose()
        await self._socket.close()

    def abort(self) -> None:
        """End a socket that does not answer."""
        self._socket.transport.abort()

    async def say(self, text: str) -> None:
        """Send what needs no answer; into the void where the socket has ended, which `read` finds."""
        try:
            await self._socket.send(text)
        except ConnectionClosed:
            log.debug("a message was for a socket that has ended")

    async def exchange(self, op: UUID, text: str) -> Verdict | None:
        """Send an act and wait for what the server says of its op. One exchange an op at a time."""
        if self.lost:
            return None
        answer: asyncio.Future[Verdict | None] = asyncio.get_running_loop().create_future()
        self._acts[op] = answer
        try:
            await self.say(text)
            return await answer
        finally:
            del self._acts[op]

    async def ask(self, kind: Question, text: str, *, entered: Entered | None = None) -> Answer | None:
        """Send a question and wait for its answer, one of a kind at a time: errors name only the kind.

        `entered` is given a join's snapshot before anything that came after it is looked at. Who gives up waiting
        leaves the turn taken until the answer has come, so that it is not the next one's.
        """
        turn = self._turns[kind]
        await turn.acquire()
        if self.lost:
            turn.release()
            return None
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda _: turn.release())
        self._asked[kind] = _Asked(answer, entered)
        await self.say(text)
        return await asyncio.shield(answer)

    async def ask_time(self, kind: Question, text: str, clock: Clock) -> Answer | None:
        """Ask what is answered with the server's time, and set `clock` by it."""
        asked = time.monotonic()
        answer = await self.ask(kind, text)
        if isinstance(answer, Welcome | Pong):
            clock.learn(asked, time.monotonic(), answer.server_now)
        return answer

    def _sort(self, message: Message) -> None:
        match message:
            case Receipt(op=op) | Reject(op=op) | Retry(op=op):
                _resolve(self._acts.get(op), message)
            case Welcome():
                self._answer("hello", message)
            case Pong():
                self._answer("ping", message)
            case Joined():
                self._answer("join", message)
            case Expiring():
                self.expiring.set()
            case Error(of=of):
                if not self._answer(of.type, message):
                    log.warning("the server complains of a message: %s (%s)", message.detail, message.code)
            case _:
                self._take(message)

    def _answer(self, kind: str, message: Answer) -> bool:
        asked = self._asked.pop(kind, None)
        if asked is None:
            return False
        if isinstance(message, Joined) and asked.entered is not None:
            asked.entered(message)
        return _resolve(asked.answer, message)

    def _lose(self) -> None:
        self.lost = True
        for act in self._acts.values():
            _resolve(act, None)
        for question in self._asked.values():
            _resolve(question.answer, None)
        self._asked.clear()


def _resolve(future: asyncio.Future[T] | None, value: T) -> bool:
    if future is None or future.done():
        return False
    future.set_result(value)
    return True
