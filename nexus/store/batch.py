"""What a batch changes: gathered while its ballots are judged, then written as columns in one statement."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import msgspec

from nexus.domain.ballot import Ballot, Receipt, StandingBallot
from nexus.domain.poll import Totals
from nexus.domain.verdict import Verdict
from nexus.errors import NexusError


class _Act(NamedTuple):
    poll: int
    voter: str
    op: UUID
    act: str
    choices: str
    ballot: UUID | None
    outcome: str
    epoch: int
    version: int


class _Put(NamedTuple):
    poll: int
    epoch: int
    voter: str
    slot: UUID
    op: UUID
    choices: str


class _Drop(NamedTuple):
    poll: int
    epoch: int
    voter: str
    slot: UUID


class _Counts:
    """The differences of one poll."""

    __slots__ = ("ballots", "changed", "options", "retractions", "voters")

    def __init__(self) -> None:
        self.voters = self.ballots = self.retractions = 0
        self.options: dict[int, int] = {}
        self.changed = False

    def move(
        self, before: tuple[StandingBallot, ...], gone: tuple[StandingBallot, ...], put: StandingBallot | None
    ) -> None:
        """Count a voter whose ballots were `before`: `gone` of them no longer stand, and `put` stands."""
        now = len(before) - len(gone) + (put is not None)
        self.voters += bool(now) - bool(before)
        self.ballots += now - len(before)
        self.retractions += put is None
        options = self.options
        for one in gone:
            for option in one.options:
                options[option] = options.get(option, 0) - 1
        for option in put.options if put else ():
            options[option] = options.get(option, 0) + 1


class Changes:
    """Judged ballots of a batch, on top of the totals their polls had before."""

    def __init__(self, before: dict[int, Totals]) -> None:
        self._before = before
        self._counts = {poll: _Counts() for poll in before}
        self._judged: list[tuple[Ballot, Verdict] | NexusError] = []
        self.acts = 0
        """How many acts take effect; with none there is nothing to write."""
        self._puts: list[_Put] = []
        self._drops: list[_Drop] = []

    def refuse(self, error: NexusError) -> None:
        """The next ballot is refused: it leaves no trace."""
        self._judged.append(error)

    def accept(self, ballot: Ballot, verdict: Verdict, before: tuple[StandingBallot, ...]) -> None:
        """The next ballot is judged `verdict`; `before` are the voter's standing ballots."""
        self._judged.append((ballot, verdict))
        if verdict.receipt is not None:
            return
        self.acts += 1
        poll, voter, epoch = ballot.poll, ballot.by.voter, self._before[ballot.poll].epoch
        put = verdict.put
        if put is not None:
            self._puts.append(_Put(poll, epoch, voter, put.slot, put.op, _array(put.options)))
        for one in verdict.gone:
            if put is None or one.slot != put.slot:
                self._drops.append(_Drop(poll, epoch, voter, one.slot))
        if verdict.changes_totals:
            counts = self._counts[poll]
            counts.changed = True
            counts.move(before, verdict.gone, put)

    def answers(self) -> list[Receipt | NexusError]:
        """One answer for each ballot, in order: true once the batch has committed."""
        return [
            judged if isinstance(judged, NexusError) else judged[1].receipt or self._receipt(*judged)
            for judged in self._judged
        ]

    def totals(self) -> list[Totals]:
        """The totals of each poll whose totals change."""
        return [self._after(poll, counts) for poll, counts in self._counts.items() if counts.changed]

    def columns(self) -> list[list[object]]:
        """The arrays $2 to $26 of `ballot_sql.WRITE`."""
        acts = [self._act(*one) for one in self._judged if isinstance(one, tuple) and one[1].receipt is None]
        options = [pair for counts in self._counts.values() for pair in counts.options.items() if pair[1]]
        polls = [(poll, c.voters, c.ballots, c.retractions) for poll, c in self._counts.items() if c.changed]
        columns: list[list[object]] = []
        for rows, width in ((acts, 9), (self._puts, 6), (self._drops, 4), (options, 2), (polls, 4)):
            columns.extend([row[i] for row in rows] for i in range(width))
        return columns

    def _version(self, poll: int) -> int:
        return self._before[poll].version + self._counts[poll].changed

    def _receipt(self, ballot: Ballot, verdict: Verdict) -> Receipt:
        return Receipt(
            poll=ballot.poll,
            op=ballot.op,
            status=verdict.outcome,
            options=verdict.options,
            epoch=self._before[ballot.poll].epoch,
            version=self._version(ballot.poll),
            stands=verdict.put is not None,
        )

    def _act(self, ballot: Ballot, verdict: Verdict) -> _Act:
        return _Act(
            ballot.poll,
            ballot.by.voter,
            ballot.op,
            ballot.act.value,
            _array(verdict.options),
            ballot.ballot,
            verdict.outcome.value,
            self._before[ballot.poll].epoch,
            self._version(ballot.poll),
        )

    def _after(self, poll: int, counts: _Counts) -> Totals:
        before = self._before[poll]
        return msgspec.structs.replace(
            before,
            version=before.version + 1,
            retractions=before.retractions + counts.retractions,
            voters=before.voters + counts.voters,
            ballots=before.ballots + counts.ballots,
            counts=tuple((option, n + counts.options.get(option, 0)) for option, n in before.counts),
        )


def _array(options: tuple[int, ...]) -> str:
    """A PostgreSQL array literal: rows of arrays of differing lengths cannot be unnested as arrays."""
    return "{" + ",".join(map(str, options)) + "}"
