"""A crowd that votes in every way at once, each of its voters with a mind of its own, made of a seed."""

from __future__ import annotations

import asyncio
import random
from uuid import UUID

from tests.support.answer_book import AnswerBook
from tests.support.audience import Audience, Device
from tests.support.audience_acts import Answer, SentAct
from tests.support.audience_socket import Socket
from tests.support.values import Json, new_op

RETRIES = 100
PAUSE_S = 0.05


class Member:
    """One voter of the crowd: a device with one socket or two, and a mind of its own, made of the seed."""

    def __init__(self, device: Device, polls: list[Json], book: AnswerBook, mind: random.Random) -> None:
        self.sockets: list[Socket] = []
        self._device = device
        self._polls = polls
        self._book = book
        self._mind = mind
        self._sent: list[SentAct] = []
        self._taken: list[SentAct] = []

    async def enter(self, sockets: int) -> None:
        """Open `sockets` sockets, and join the room of the first poll with each."""
        room = self._polls[0]["id"]
        for _ in range(sockets):
            socket = await self._device.connect(keep=False)
            socket.send(type="join", poll=room)
            await socket.until(lambda socket=socket: room in socket.rooms, "the room")  # type: ignore[misc]
            self.sockets.append(socket)

    async def live(self, steps: int) -> None:
        """Take `steps` steps, each one act or a few at once."""
        ways = [(self._cast, 45), (self._retract, 12), (self._resend, 18), (self._reuse, 5)]
        singles, weights = [way for way, _ in ways], [weight for _, weight in ways]
        for _ in range(steps):
            act = self._mind.choices(singles, weights)[0]()
            match self._mind.randrange(10):
                case 0:  # the same act on two ways at once
                    acts = [act, act]
                case 1:  # different acts at once
                    acts = [act, self._cast(), self._retract()]
                case _:
                    acts = [act]
            await asyncio.gather(*(self._do(act) for act in acts))

    async def repeat(self) -> Answer | None:
        """Send an act that took effect once more, if there is one."""
        return await self._do(self._mind.choice(self._taken)) if self._taken else None

    async def _do(self, act: SentAct) -> Answer:
        ways: list[Socket | Device] = [*self.sockets, self._device]
        way = self._mind.choice(ways).act
        for _ in range(RETRIES):
            answer = await way(act)
            self._book.note(self._device.subject, act, answer)
            if answer.committed:
                self._taken.append(act)
            if answer.status != "retry":
                return answer
            await asyncio.sleep(PAUSE_S)
        raise AssertionError(f"told to retry {RETRIES} times: {act}")

    def _keep(self, act: SentAct) -> SentAct:
        self._sent.append(act)
        return act

    def _poll(self) -> Json:
        return self._polls[0] if self._mind.random() < 0.7 else self._mind.choice(self._polls)

    def _cast(self) -> SentAct:
        return self._keep(SentAct(self._op(), (poll := self._poll())["id"], self._choices(poll)))

    def _retract(self) -> SentAct:
        poll = self._poll()["id"]
        own = [act.op for act in self._sent if act.poll == poll and act.options is not None]
        ballot = self._mind.choice(own) if own and self._mind.random() < 0.5 else None
        return self._keep(SentAct(self._op(), poll, None, ballot=ballot))

    def _resend(self) -> SentAct:
        return self._mind.choice(self._sent) if self._sent else self._cast()

    def _reuse(self) -> SentAct:
        if not self._sent:
            return self._cast()
        old = self._mind.choice(self._sent)
        poll = next(poll for poll in self._polls if poll["id"] == old.poll)
        return SentAct(old.op, old.poll, self._choices(poll))

    def _op(self) -> str:
        return str(UUID(int=self._mind.getrandbits(128), version=4)) if self._mind.random() < 0.9 else new_op().upper()

    def _choices(self, poll: Json) -> tuple[int, ...]:
        ids = [option["id"] for option in poll["options"]]
        if self._mind.random() < 0.03:
            other = self._mind.choice(self._polls)["options"][0]["id"]
            return self._mind.choice([(ids[0], ids[0]), (other,), tuple(ids)])
        return tuple(self._mind.sample(ids, self._mind.randint(1, poll["max_choices"])))


async def gather_crowd(audience: Audience, polls: list[Json], book: AnswerBook, seed: int, size: int) -> list[Member]:
    """`size` voters in their rooms, every tenth with a second device."""
    turn = asyncio.Semaphore(64)

    async def come(n: int) -> Member:
        own = polls[n % len(polls) :] + polls[: n % len(polls)]
        member = Member(audience.device(f"user:{1000 + n}", "user"), own, book, random.Random(f"{seed}:{n}"))
        async with turn:
            await member.enter(2 if n % 10 == 0 else 1)
        return member

    return await asyncio.gather(*(come(n) for n in range(size)))
