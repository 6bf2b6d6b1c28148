"""A book of what was answered to every act, the ledger that must agree with it, and the ledger acted out once more."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import NamedTuple
from uuid import UUID

import msgspec

from nexus.store.database import Database
from tests.support.audience_acts import WAIT_S, Answer, SentAct
from tests.support.ballots import rows
from tests.support.frame_checker import ShownState

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
"""What voters in a crowd may be refused; anything else is a fault."""
LOST = "lost"
"""The answer to an act whose connection ended before another came."""
_UNSETTLED = {LOST, "retry"}

Key = tuple[str, int, UUID]
"""A voter, a poll and an op."""


class LedgerRow(NamedTuple):
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


class AnswerBook:
    """Every act that was sent, with its answer; wakes those who wait for a number of them."""

    def __init__(self, refusals: Collection[str] = REFUSALS) -> None:
        self.size = 0
        self._refusals = {*refusals, *_UNSETTLED, "replayed"}
        self._heard: dict[Key, list[tuple[SentAct, Answer]]] = defaultdict(list)
        self._waiting: list[tuple[int, asyncio.Event]] = []

    def note(self, voter: str, act: SentAct, answer: Answer) -> None:
        """An act of a voter was answered."""
        self._heard[voter, act.poll, UUID(act.op)].append((act, answer))
        self.size += 1
        for size, reached in self._waiting:
            if self.size >= size:
                reached.set()

    def forget(self, polls: Collection[int]) -> None:
        """Polls were deleted, and their ledgers with them."""
        self._heard = defaultdict(list, {key: heard for key, heard in self._heard.items() if key[1] not in polls})

    async def reaches(self, size: int) -> None:
        """Return once `size` answers are noted."""
        reached = asyncio.Event()
        self._waiting.append((size, reached))
        if self.size < size:
            await asyncio.wait_for(reached.wait(), 10 * WAIT_S)

    def contradictions(self, ledger: dict[Key, LedgerRow]) -> list[str]:
        """Where answers and the ledger disagree, or answers with each other."""
        unheard = [f"nobody was answered {entry}" for key, entry in ledger.items() if key not in self._heard]
        return unheard + [
            f"{key}: {wrong}\n  ledger {ledger.get(key)}\n  heard {heard}"
            for key, heard in self._heard.items()
            if (wrong := self._strange(heard) or _wrong(heard, ledger.get(key)))
        ]

    def _strange(self, heard: list[tuple[SentAct, Answer]]) -> str:
        strange = {answer.status for _, answer in heard if not answer.committed} - self._refusals
        return f"answered {strange}" if strange else ""


def _wrong(heard: list[tuple[SentAct, Answer]], entry: LedgerRow | None) -> str:
    """What is wrong with the answers to one op, given its row in the ledger."""
    firsts = [(act, answer) for act, answer in heard if answer.committed]
    again = [(act, answer) for act, answer in heard if answer.status == "replayed"]
    if entry is None:
        return "acknowledged, and not in the ledger" if firsts or again else ""
    if len(firsts) != 1 and not (not firsts and any(answer.status in _UNSETTLED for _, answer in heard)):
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


async def read_ledger(database: Database, polls: Collection[int]) -> dict[Key, LedgerRow]:
    """The ledger of `polls`, in the order in which it was written."""
    found = await rows(
        database,
        "SELECT poll_id, voter, op, act, choices, ballot, outcome, epoch, version FROM acts "
        "WHERE poll_id = ANY(:polls) ORDER BY poll_id, epoch, version, at, voter",
        polls=list(polls),
    )
    entries = [msgspec.convert(row, LedgerRow) for row in found]
    return {(entry.voter, entry.poll, entry.op): entry for entry in entries}


class Replay:
    """The ledger once more, act by act: which ballots stand, and the totals at each place."""

    def __init__(self, entries: Iterable[LedgerRow], limits: dict[int, int]) -> None:
        self.standing: dict[tuple[int, int, str], dict[UUID, tuple[int, ...]]] = defaultdict(dict)
        self.at: dict[tuple[int, int, int], tuple[int, int, dict[int, int]]] = {}
        self.wrong: list[str] = []
        self._limits = limits
        self._rounds: dict[tuple[int, int], _Round] = defaultdict(_Round)
        for entry in entries:
            self._follow(entry)

    def _follow(self, entry: LedgerRow) -> None:
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
    entry: LedgerRow, before: dict[UUID, tuple[int, ...]], now: dict[UUID, tuple[int, ...]], *, single: bool
) -> str:
    """What the contract calls the step from `before` to `now`."""
    if entry.act == "retract":
        return "retracted" if len(now) < len(before) else "unchanged"
    if not single or not before:
        return "recorded"
    (old,) = before.values()
    return "unchanged" if sorted(old) == sorted(entry.options) else "changed"


async def check_ledger(database: Database, polls: Collection[int], book: AnswerBook) -> Replay:
    """The ledger of `polls` acted out, which agrees with every answer in `book` and with the votes that stand."""
    ledger = await read_ledger(database, polls)
    wrong = book.contradictions(ledger)
    assert not wrong, "\n".join(wrong[:5])
    found = await rows(database, "SELECT id, votes_per_user FROM polls WHERE id = ANY(:polls)", polls=list(polls))
    replay = Replay(ledger.values(), dict(msgspec.convert(found, list[tuple[int, int]])))
    assert not replay.wrong, replay.wrong[:5]
    votes = await rows(
        database, "SELECT poll_id, epoch, voter, op, choices FROM votes WHERE poll_id = ANY(:polls)", polls=list(polls)
    )
    stands = [(*key, op, list(options)) for key, own in replay.standing.items() for op, options in own.items()]
    assert sorted(votes) == sorted(stands)
    return replay
