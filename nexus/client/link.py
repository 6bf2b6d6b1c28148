"""One socket of a client, from handshake to close: questions and their answers, and what the server sends unasked."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple, TypeVar, get_args
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from nexus.client.close_codes import NO_CLOSE_FRAME, WRONG_PROTOCOL
from nexus.client.codec import Message, decode
from nexus.client.errors import TurnedAway, Unreachable
from nexus.client.messages import (
    Entered,
    Error,
    Expiring,
    Joined,
    Pong,
    Ready,
    Receipt,
    Reject,
    Retry,
    Unasked,
    Verdict,
    Waiting,
    Welcome,
)

logger = logging.getLogger(__name__)

SUBPROTOCOL = Subprotocol("nexus.v1")

OPEN_S = 10.0
"""How long a handshake may take."""
CLOSE_S = 1.0
"""How long to wait for the server's close frame."""
LONGEST_BYTES = 2 * 1024 * 1024
"""Of a message of the server: a poll of 100 options stays far below."""
PASSING_STATUSES = frozenset({408, 425, 429})
"""The HTTP statuses of a handshake, beside 5xx, that may be followed by success later."""

T = TypeVar("T")
Question = Literal["hello", "join", "ping", "wait"]
Answer = Welcome | Joined | Entered | Pong | Ready | Error
OnPlace = Callable[[Joined | Entered], None]


class _OpenQuestion(NamedTuple):
    answer: asyncio.Future[Answer | None]
    on_place: OnPlace | None


class Clock:
    """An estimate of the server's clock, from those of its last answers that took the shortest time."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, datetime]] = deque(maxlen=8)

    def learn(self, asked: float, answered: float, server_now: datetime) -> None:
        """Take the time in an answer; `asked` and `answered` are monotonic seconds."""
        middle = timedelta(seconds=(asked + answered) / 2)
        self._samples.append((answered - asked, server_now - middle))

    def at(self, monotonic: float) -> datetime:
        """The server's time at these monotonic seconds; before the first answer, this machine's time now."""
        if not self._samples:
            return datetime.now(UTC)
        _, zero = min(self._samples)
        return zero + timedelta(seconds=monotonic)


def _unasked() -> None:
    """Only a link that waits is told to."""


async def open_link(url: str, take: Callable[[Unasked], None], waits: Callable[[], None] = _unasked) -> Link:
    """Open a socket. `take` is given what the server says of rooms, at once and in order; `waits` is called where the
    answer to a wait is still to come.

    Raises `Unreachable` for a failure that may pass, and `TurnedAway` for one that will not.
    """
    try:
        socket = await connect(
            url,
            subprotocols=[SUBPROTOCOL],
            compression=None,
            open_timeout=OPEN_S,
            close_timeout=CLOSE_S,
            ping_interval=None,  # the client sends pings of the contract, which also set its clock
            max_size=LONGEST_BYTES,
        )
    except InvalidStatus as error:
        status = error.response.status_code
        if status in PASSING_STATUSES or status >= 500:
            raise Unreachable(f"the server answered {status} at {url}") from error
        raise TurnedAway(status, f"the server at {url} is not Nexus") from error
    except (OSError, InvalidHandshake) as error:
        raise Unreachable(f"cannot connect to {url}: {error}") from error
    if socket.subprotocol != SUBPROTOCOL:
        await socket.close()
        raise TurnedAway(WRONG_PROTOCOL, f"the server at {url} does not speak {SUBPROTOCOL}")
    return Link(socket, take, waits)


class Link:
    """An open socket. When it ends, every wait for an answer ends too, with None."""

    def __init__(self, socket: ClientConnection, take: Callable[[Unasked], None], waits: Callable[[], None]) -> None:
        self._socket = socket
        self._take = take
        self._waits = waits
        self._acts: dict[UUID, asyncio.Future[Verdict | None]] = {}
        self._asked: dict[str, _OpenQuestion] = {}
        self._turns: dict[Question, asyncio.Lock] = {kind: asyncio.Lock() for kind in get_args(Question)}
        self.lost = False
        """Whether the socket has ended."""
        self.expiring = asyncio.Event()
        """Set when the server warns that the token will expire soon."""

    @property
    def close_code(self) -> int:
        """The code with which the socket was closed."""
        return self._socket.close_code or NO_CLOSE_FRAME

    @property
    def close_reason(self) -> str:
        """The reason with which the socket was closed; may be empty."""
        return self._socket.close_reason or ""

    async def read(self) -> None:
        """Handle everything that arrives, until the socket ends."""
        try:
            while True:
                message = decode(await self._socket.recv(decode=False))
                if message is not None:
                    self._dispatch(message)
        except ConnectionClosed:
            self._lose()

    async def close(self) -> None:
        """Close the socket, within a bound."""
        self._lose()
        await self._socket.close()

    def abort(self) -> None:
        """Cut a socket that does not answer."""
        self._socket.transport.abort()

    async def send(self, text: str) -> None:
        """Send a text and expect no answer. Does nothing if the socket has ended: `read` notices that."""
        try:
            await self._socket.send(text)
        except ConnectionClosed:
            logger.debug("dropped a message to a socket that had ended")

    async def exchange(self, op: UUID, text: str) -> Verdict | None:
        """Send a vote or retraction and wait for its answer, which names its op. One exchange at a time for an op."""
        if self.lost:
            return None
        answer: asyncio.Future[Verdict | None] = asyncio.get_running_loop().create_future()
        self._acts[op] = answer
        try:
            await self.send(text)
            return await answer
        finally:
            del self._acts[op]

    async def ask(self, kind: Question, text: str, *, on_place: OnPlace | None = None) -> Answer | None:
        """Send a question and wait for its answer. One at a time of each kind, since errors name only the kind.

        `on_place` is given the snapshot of a join before any later message is handled. A caller that gives up waiting
        keeps the turn until the answer has come, so that it is not taken for the answer to the next question.
        """
        turn = self._turns[kind]
        await turn.acquire()
        if self.lost:
            turn.release()
            return None
        answer: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda _: turn.release())
        self._asked[kind] = _OpenQuestion(answer, on_place)
        await self.send(text)
        return await asyncio.shield(answer)

    async def ask_time(self, kind: Question, text: str, clock: Clock) -> Answer | None:
        """Ask a question whose answer has the server's time, and set `clock` by it."""
        asked = time.monotonic()
        answer = await self.ask(kind, text)
        if isinstance(answer, Welcome | Pong):
            clock.learn(asked, time.monotonic(), answer.server_now)
        return answer

    def _dispatch(self, message: Message) -> None:
        match message:
            case Receipt(op=op) | Reject(op=op) | Retry(op=op):
                _resolve(self._acts.get(op), message)
            case Welcome():
                self._answer("hello", message)
            case Pong():
                self._answer("ping", message)
            case Joined() | Entered():
                self._answer("join", message)
            case Ready():
                self._answer("wait", message)
            case Waiting():
                self._waits()
            case Expiring():
                self.expiring.set()
            case Error(of=of):
                if not self._answer(of.type, message):
                    logger.warning("the server could not handle a message: %s (%s)", message.detail, message.code)
            case _:
                self._take(message)

    def _answer(self, kind: str, message: Answer) -> bool:
        asked = self._asked.pop(kind, None)
        if asked is None:
            return False
        if isinstance(message, Joined | Entered) and asked.on_place is not None:
            asked.on_place(message)
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
