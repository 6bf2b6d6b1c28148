"""A crowd that votes in every way at once, the book of what it was answered, and what the ledger says to that."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from tests.support.audience import Audience, Device
from tests.support.audience_acts import WAIT_S, Answer, SentAct
from tests.support.audience_socket import Socket
from tests.support.frame_checker import ShownState
from tests.support.values import Json, new_op

REFUSALS = {
    "already_voted",
    "change_not_allowed",
    "duplicate_choice",
    "op_reused",
    "poll_closed",
    "too_many_choices",
    "unknown_option",
    "vote_limit_reached",
}
"""What a member of the crowd may be refused; anything else is a fault."""
RETRIES = 100
PAUSE_S = 0.05

Key = tuple[str, int, UUID]
"""A voter, a poll and an op."""


class Entry(NamedTuple):
    """A row of the ledger."""

    poll: int
    voter: str
    op: UUID
    act: str
    options: tuple[int, ...]
    ballot: UUID | None
    outcome: str
    epoch: int
    version: int


class Book:
    """Every act that was sent, with its answer; wakes those who wait for so many of them."""

    def __init__(self) -> None:
        self.size = 0
        self._heard: dict[Key, list[tuple[SentAct, Answer]]] = defaultdict(list)
        self._waiting: list[tuple[int, asyncio.Event]] = []

    def note(self, voter: str, act: SentAct, answer: Answer) -> None:
        """An act of a voter was answered."""
        self._heard[voter, act.poll, UUID(act.op)].append((act, answer))
        self.size += 1
        for size, reached in self._waiting:
            if self.size >= size:
                reached.set()

    async def reaches(self, size: int) -> None:
        """Return once so many answers are noted."""
        reached = asyncio.Event()
        self._waiting.append((size, reached))
        if self.size < size:
            await asyncio.wait_for(reached.wait(), 10 * WAIT_S)

    def contradictions(self, ledger: dict[Key, Entry]) -> list[str]:
        """Where answers and the ledger disagree, or answers with each other."""
        unheard = [f"nobody was answered {entry}" for key, entry in ledger.items() if key not in self._heard]
        return unheard + [
            f"{key}: {wrong}\n  ledger {ledger.get(key)}\n  heard {heard}"
            for key, heard in self._heard.items()
            if (wrong := _wrong(heard, ledger.get(key)))
        ]


def _wrong(heard: list[tuple[SentAct, Answer]], entry: Entry | None) -> str:
    """What is wrong with the answers to one op, given its row in the ledger."""
    firsts = [(act, answer) for act, answer in heard if answer.committed]
    again = [(act, answer) for act, answer in heard if answer.status == "replayed"]
    strange = {answer.status for _, answer in heard if not answer.committed} - REFUSALS - {"replayed", "retry"}
    if strange:
        return f"answered {strange}"
    if entry is None:
        return "acknowledged, and not in the ledger" if firsts or again else ""
    if len(firsts) != 1 and not (not firsts and any(answer.status == "retry" for _, answer in heard)):
        return f"took effect {len(firsts)} times"
    if any(answer.status != entry.outcome or answer.stands is (entry.act == "retract") for _, answer in firsts):
        return "the first answer is not the ledger's"
    if any(answer.place != (entry.epoch, entry.version) for _, answer in firsts + again):
        return "answered with another place"
    if any(_names(act) != (entry.act, sorted(entry.options), entry.ballot) for act, _ in firsts + again):
        return "another act was taken for it"
    return ""


def _names(act: SentAct) -> tuple[str, list[int], UUID | None]:
    kind = "retract" if act.options is None else "vote"
    return kind, sorted(act.options or ()), UUID(act.ballot) if act.ballot else None


class Member:
    """One voter of the crowd: a device with one socket or two, and a mind of its own, made of the seed."""

    def __init__(self, device: Device, polls: list[Json], book: Book, mind: random.Random) -> None:
        self.sockets: list[Socket] = []
        self._device = device
        self._polls = polls
        self._book = book
        self._mind = mind
        self._sent: list[SentAct] = []
        self._taken: list[SentAct] = []

    async def enter(self, sockets: int) -> None:
        """Come with so many sockets, and join the room of the first poll with each."""
        room = self._polls[0]["id"]
        for _ in range(sockets):
            socket = await self._device.connect(keep=False)
            socket.send(type="join", poll=room)
            await socket.until(lambda socket=socket: room in socket.rooms, "the room")  # type: ignore[misc]
            self.sockets.append(socket)

    async def live(self, steps: int) -> None:
        """Take so many steps, each an act or a few of them at once."""
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


async def gather_crowd(audience: Audience, polls: list[Json], book: Book, seed: int, size: int) -> list[Member]:
    """`size` voters in their rooms, every tenth with a second device."""
    turn = asyncio.Semaphore(64)

    async def come(n: int) -> Member:
        own = polls[n % len(polls) :] + polls[: n % len(polls)]
        member = Member(audience.device(f"user:{1000 + n}", "user"), own, book, random.Random(f"{seed}:{n}"))
        async with turn:
            await member.enter(2 if n % 10 == 0 else 1)
        return member

    return await asyncio.gather(*(come(n) for n in range(size)))


class Replay:
    """The ledger once more, act by act: which ballots stand, and the totals at each place."""

    def __init__(self, entries: Iterable[Entry], limits: dict[int, int]) -> None:
        self.standing: dict[tuple[int, int, str], dict[UUID, tuple[int, ...]]] = defaultdict(dict)
        self.at: dict[tuple[int, int, int], tuple[int, int, dict[int, int]]] = {}
        self.wrong: list[str] = []
        self._limits = limits
        self._rounds: dict[tuple[int, int], _Round] = defaultdict(_Round)
        for entry in entries:
            self._follow(entry)

    def _follow(self, entry: Entry) -> None:
        round_ = self._rounds[entry.poll, entry.epoch]
        own = self.standing[entry.poll, entry.epoch, entry.voter]
        before = dict(own)
        if entry.act == "retract":
            for op in [entry.ballot] if entry.ballot else list(own):
                own.pop(op, None)
        else:
            if self._limits[entry.poll] == 1:
                own.clear()
            own[entry.op] = entry.options
        if entry.outcome != _outcome(entry, before, own, single=self._limits[entry.poll] == 1):
            self.wrong.append(f"{before} became {own} by {entry}")
        if len(own) > self._limits[entry.poll]:
            self.wrong.append(f"over the limit: {own} by {entry}")
        round_.move(before, own)
        self.at[entry.poll, entry.epoch, entry.version] = round_.totals()

    def refuted(self, seen: dict[tuple[int, int, int], ShownState]) -> list[str]:
        """Totals that screens were shown and the votes of that moment do not bear out."""
        wrong, state, of = [], (0, 0, dict[int, int]()), (0, 0)
        for place in sorted({*seen, *self.at}):
            if place[:2] != of:
                of, state = place[:2], (0, 0, {})
            state = self.at.get(place, state)
            shown = seen.get(place)
            if shown is None:
                continue
            counts = None if shown.counts is None else {option: n for option, n in shown.counts.items() if n}
            if shown.heads[1:] != state[:2] or counts not in (None, state[2]):
                wrong.append(f"{place}: shown {shown}, the votes say {state}")
        return wrong


class _Round:
    def __init__(self) -> None:
        self._voters = self._ballots = 0
        self._counts: dict[int, int] = defaultdict(int)

    def move(self, before: dict[UUID, tuple[int, ...]], now: dict[UUID, tuple[int, ...]]) -> None:
        self._voters += bool(now) - bool(before)
        self._ballots += len(now) - len(before)
        for ballots, sign in ((before, -1), (now, 1)):
            for options in ballots.values():
                for option in options:
                    self._counts[option] += sign

    def totals(self) -> tuple[int, int, dict[int, int]]:
        return self._voters, self._ballots, {option: n for option, n in self._counts.items() if n}


def _outcome(
    entry: Entry, before: dict[UUID, tuple[int, ...]], now: dict[UUID, tuple[int, ...]], *, single: bool
) -> str:
    """What the contract calls the step from `before` to `now`."""
    if entry.act == "retract":
        return "retracted" if len(now) < len(before) else "unchanged"
    if not single or not before:
        return "recorded"
    (old,) = before.values()
    return "unchanged" if sorted(old) == sorted(entry.options) else "changed"
