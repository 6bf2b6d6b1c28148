"""Voters that act without end, whatever dies meanwhile, for the tests of faults.

All they were answered is kept in an `AnswerBook`: the database must agree with it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from nexus.store.database import Database
from tests.support.answer_book import LOST, AnswerBook, check_ledger
from tests.support.audience_acts import Answer, SentAct, answer_of
from tests.support.served import Server, serving
from tests.support.values import new_op

NO_LIMIT = "100000"
BALLOTS = 100
"""Ballots a voter may cast in `Polls.many`; beyond them it votes in `Polls.one` alone."""
BACK_S = 0.05
ANSWER_S = 60.0
"""A vote is answered, by whatever answer, or its socket ends: beyond this the test fails."""
SETTLED_S = 60.0


@dataclass(frozen=True)
class Polls:
    """`one`: a ballot each, which may change; `many`: a hundred each. `options` are those of either."""

    one: int
    many: int
    options: dict[int, list[int]]

    @classmethod
    async def make(cls, server: Server) -> Polls:
        """Make both, by the host user:1."""
        one, many = await make_poll(server), await make_poll(server, votes_per_user=BALLOTS)
        return cls(one["id"], many["id"], {poll["id"]: [one["id"] for one in poll["options"]] for poll in (one, many)})


async def make_poll(server: Server, **fields: object) -> dict[str, Any]:
    """Make a poll of three options, by the host user:1; the answer's body."""
    options = [{"option_text": text} for text in ("Yes", "No", "Maybe")]
    async with httpx.AsyncClient(base_url=server.url, timeout=30) as client:
        headers = {"Authorization": f"Bearer {server.token('user:1', 'user')}"}
        made = await client.post("/polls/", json={"question": "Which?", "options": options, **fields}, headers=headers)
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json()
    return body


@dataclass
class TimedAct:
    """One act, its last answer, and when that came; `retries`: when the server said `retry`."""

    act: SentAct
    asked: float
    answered: float = 0.0
    answer: Answer | None = None
    retries: list[float] = field(default_factory=list)


def serving_crowds(
    folder: Path, database_url: str | None, redis_url: str | None = None, *, data: Path | None = None, lanes: int = 4
) -> AbstractAsyncContextManager[Server]:
    """`serving` for a crowd, which meets no limits; `data` is a data folder that others use too."""
    return serving(
        folder,
        database_url,
        redis_url,
        NEXUS_DATA=str(data or folder / "data"),
        NEXUS_LANES=str(lanes),
        NEXUS_VOTES_PER_SECOND=NO_LIMIT,
        NEXUS_VOTES_BURST=NO_LIMIT,
        NEXUS_MESSAGES_PER_SECOND=NO_LIMIT,
    )


@asynccontextmanager
async def open_socket(server: Server, subject: str) -> AsyncIterator[ClientConnection]:
    """A socket that was welcomed."""
    async with connect(
        server.url.replace("http", "ws") + "/ws",
        subprotocols=[Subprotocol("nexus.v1")],
        compression=None,
        ping_interval=None,
        open_timeout=10,
        close_timeout=1,
        proxy=None,
    ) as socket:
        await socket.send(json.dumps({"type": "hello", "token": server.token(subject, "user")}))
        welcome = json.loads(await asyncio.wait_for(socket.recv(), 10))
        assert welcome["type"] == "welcome", welcome
        yield socket


class Crowd:
    """Voters `user:1000` and up, spread over `servers`: each acts, awaits the answer, and acts again.

    A voter who loses the connection comes back, and sends what was not answered again, with the same op.
    """

    def __init__(self, servers: Sequence[Server], polls: Polls, *, voters: int, pause_s: float = 0.0) -> None:
        self.polls = polls
        self.book = AnswerBook(refusals=())
        self.acts: dict[str, list[TimedAct]] = {f"user:{1000 + n}": [] for n in range(voters)}
        self.acks = self.connected = 0
        self._servers = servers
        self._pause_s = pause_s
        self._ending = False
        self._let_in = asyncio.Event()
        self._let_in.set()
        self._turn = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Crowd:
        homes = [self._servers[n % len(self._servers)] for n in range(len(self.acts))]
        self._tasks = [asyncio.create_task(self._live(s, h)) for s, h in zip(self.acts, homes, strict=True)]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def all_acts(self) -> list[TimedAct]:
        """Every act so far."""
        return [timed for own in self.acts.values() for timed in own]

    @property
    def all_told_to_retry(self) -> bool:
        """Whether every voter was told to retry its last act."""
        return all(own[-1].retries for own in self.acts.values())

    @property
    def unanswered(self) -> int:
        """How many acts are under way."""
        return sum(bool(own) and not own[-1].answered for own in self.acts.values())

    async def more_acks(self, n: int, within_s: float = SETTLED_S) -> None:
        """Return once `n` more acts have been acknowledged; fails after `within_s`."""
        goal = self.acks + n
        await self.until(lambda: self.acks >= goal, within_s)

    async def lost(self) -> None:
        """Keep everybody out, and return once all have read what came for them and lost their socket."""
        self._let_in.clear()
        await self.until(lambda: not self.connected, 10)

    def let_in(self) -> None:
        """Let everybody come back."""
        self._let_in.set()

    async def settle(self, within_s: float = SETTLED_S) -> None:
        """End: nobody acts any more, and whatever was asked is answered."""
        self._ending = True
        done, late = await asyncio.wait(self._tasks, timeout=within_s)
        for task in done:
            task.result()
        assert not late, f"{len(late)} voters got no answer within {within_s} s"

    async def until(self, holds: Callable[[], bool], within_s: float) -> None:
        """Return once something about the acts holds; fails after `within_s`, or with the voter who failed."""
        async with asyncio.timeout(within_s), self._turn:
            await self._turn.wait_for(lambda: holds() or any(task.done() for task in self._tasks))
        for task in self._tasks:
            if task.done():
                task.result()

    async def _changed(self) -> None:
        async with self._turn:
            self._turn.notify_all()

    async def _live(self, subject: str, server: Server) -> None:
        try:
            while not await self._finished(subject):
                await self._let_in.wait()
                await self._attend(subject, server)
        finally:
            await self._changed()

    async def _attend(self, subject: str, server: Server) -> None:
        try:
            async with open_socket(server, subject) as socket:
                self.connected += 1
                try:
                    await self._act(socket, subject)
                finally:
                    self.connected -= 1
        except (OSError, WebSocketException):
            await asyncio.sleep(BACK_S)

    async def _finished(self, subject: str) -> bool:
        own = self.acts[subject]
        await self._changed()
        return self._ending and (not own or bool(own[-1].answered))

    async def _act(self, socket: ClientConnection, subject: str) -> None:
        own = self.acts[subject]
        while not await self._finished(subject):
            if not own or own[-1].answered:
                own.append(TimedAct(self._new(len(own)), time.monotonic()))
            timed = own[-1]
            answer = Answer(timed.act.op, LOST)
            try:
                await socket.send(json.dumps(timed.act.message()))
                answer = await asyncio.wait_for(self._answer(socket, timed), ANSWER_S)
            finally:
                self.book.note(subject, timed.act, answer)
            await asyncio.sleep(self._pause_s)

    def _new(self, n: int) -> SentAct:
        several = n % 3 == 2 and n < 3 * BALLOTS
        poll = self.polls.many if several else self.polls.one
        options = None if n % 7 == 6 and not several else (self.polls.options[poll][n % 4 % 3],)
        return SentAct(new_op(), poll, options)

    async def _answer(self, socket: ClientConnection, timed: TimedAct) -> Answer:
        async for text in socket:
            message = json.loads(text)
            if message.get("op") != timed.act.op:
                continue
            answer = answer_of(message)
            if message["type"] == "retry":
                timed.retries.append(time.monotonic())
                await asyncio.sleep(message["after_ms"] / 1000)
            else:
                timed.answered, timed.answer = time.monotonic(), answer
                self.acks += message["type"] == "ack"
            return answer
        raise ConnectionError  # the server has closed the socket in order


async def assert_book_holds(database: Database, crowd: Crowd) -> None:
    """The ledger and the votes hold every acknowledged act once, at its place, and nothing nobody asked for."""
    await check_ledger(database, [crowd.polls.one, crowd.polls.many], crowd.book)
