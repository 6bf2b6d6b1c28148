"""Those who follow an event with minds of their own, made of a seed: they vote, leave, come back, lose connections."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from uuid import UUID

from tests.support.answer_book import LOST, AnswerBook
from tests.support.audience import Audience, Device
from tests.support.audience_acts import WAIT_S, Answer, SentAct
from tests.support.follower_socket import FollowerSocket
from tests.support.show_record import ShowRecord
from tests.support.values import Json

PAUSE_S = 0.05
TRIES = int(WAIT_S / PAUSE_S)
LOSSES = (OSError, EOFError)
"""What a connection ends with whose worker is killed."""


class Spectator:
    """One voter with one socket, on whichever of the workers, and with HTTP to all of them."""

    def __init__(
        self,
        audiences: Sequence[Audience],
        devices: Sequence[Device],
        event: Json,
        book: AnswerBook,
        mind: random.Random,
    ) -> None:
        self.socket: FollowerSocket | None = None
        self.known = 0
        self._audiences = audiences
        self._devices = devices
        self._event = event
        self._book = book
        self._mind = mind
        self._sent: list[SentAct] = []

    @property
    def subject(self) -> str:
        """The voter."""
        return self._devices[0].subject

    @property
    def _record(self) -> ShowRecord:
        checker = self._audiences[0].checker
        assert isinstance(checker, ShowRecord)
        return checker

    async def arrive(self) -> FollowerSocket:
        """Be in, as somebody is whose client comes back by itself."""
        for _ in range(TRIES):
            try:
                if self.socket is None or self.socket.lost.done():
                    self.socket = await self._connect()
                if self.socket.inside or await self._enter(self.socket):
                    return self.socket
            except LOSSES:
                self.socket = None
            await asyncio.sleep(PAUSE_S)
        raise AssertionError(f"{self.subject} is not let in: {self.socket and self.socket.refusal}")

    async def _connect(self) -> FollowerSocket:
        n = self._mind.randrange(len(self._audiences))
        socket = await self._audiences[n].open(FollowerSocket(self._record, self.subject, known=self.known))
        socket.send(type="hello", token=self._devices[n].token)
        await socket.answered(lambda: socket.voter is not None)
        return socket

    async def _enter(self, socket: FollowerSocket) -> bool:
        known = {"revision": socket.at.revision} if self._mind.random() < 0.5 else {}
        entered = await socket.enter(event=self._event["id"], **known)
        self.known = max(self.known, socket.at.revision)
        return entered

    async def act(self) -> None:
        """Do one thing."""
        socket = await self.arrive()
        self.known = socket.at.revision
        ways = [(self._vote, 60), (self._retract, 8), (self._resend, 8)]
        others = [(self._leave, 6), (self._cut, 8), (self._join, 10)]
        chosen = self._mind.choices([*ways, *others], [weight for _, weight in (*ways, *others)])[0][0]
        try:
            await chosen(socket)
        except LOSSES:
            self.socket = None

    async def vote(self) -> None:
        """Vote in what is shown."""
        await self._vote(await self.arrive())

    async def come_again(self) -> None:
        """Leave and enter again, come back by another connection, or join a poll beside the event."""
        socket = await self.arrive()
        try:
            await self._mind.choice((self._leave, self._leave, self._cut, self._join))(socket)
        except LOSSES:
            self.socket = None
        await self.arrive()

    async def _leave(self, socket: FollowerSocket) -> None:
        await socket.leave(self._event["id"])

    async def _cut(self, socket: FollowerSocket) -> None:
        socket.abort()
        self.socket = None

    async def _join(self, socket: FollowerSocket) -> None:
        """Join a poll by itself, be it a draft that is there for hosts alone, or leave it again."""
        polls = self._record.polls
        poll = socket.at.poll if socket.at.poll is not None and self._mind.random() < 0.7 else self._mind.choice(polls)
        await socket.join_too(poll)

    async def _vote(self, socket: FollowerSocket) -> None:
        if (poll := self._poll(socket)) is not None:
            ids = [one["id"] for one in poll["options"]]
            chosen = self._mind.sample(ids, self._mind.randint(1, poll["max_choices"]))
            await self._do(SentAct(self._op(), poll["id"], tuple(chosen)))

    async def _retract(self, socket: FollowerSocket) -> None:
        if (poll := self._poll(socket)) is not None:
            await self._do(SentAct(self._op(), poll["id"], None))

    async def _resend(self, socket: FollowerSocket) -> None:
        if self._sent:
            await self._do(self._mind.choice(self._sent))

    def _poll(self, socket: FollowerSocket) -> Json | None:
        """The poll that is shown, or now and then one that was."""
        views = list(socket.views.values())
        if socket.at.poll is not None and (not views or self._mind.random() < 0.85):
            return socket.views[socket.at.poll]
        return self._mind.choice(views) if views else None

    def _op(self) -> str:
        return str(UUID(int=self._mind.getrandbits(128), version=4))

    async def _do(self, act: SentAct) -> None:
        """Send an act until it is answered, by whatever way and whatever is lost meanwhile."""
        self._sent.append(act)
        self._record.acted.add((self.subject, act.poll))
        for _ in range(TRIES):
            answer = await self._send(act)
            self._book.note(self.subject, act, answer)
            if answer.status not in ("retry", LOST):
                return
            await asyncio.sleep(PAUSE_S)
        raise AssertionError(f"no answer to {act}")

    async def _send(self, act: SentAct) -> Answer:
        socket = self.socket
        ways = list(self._devices)
        way = self._mind.choice(ways) if socket is None or socket.lost.done() or self._mind.random() < 0.2 else socket
        try:
            return await way.act(act)
        except LOSSES:
            return Answer(act.op, LOST)
