"""What becomes of a ballot: the rules of voting as one pure function (docs/contract.md, "Voting").

The store calls it inside the transaction, under the poll's lock, with what it has just read.
"""

from __future__ import annotations

from uuid import UUID

import msgspec

from nexus import errors
from nexus.domain.ballot import Act, Ballot, KnownAct, Outcome, Receipt, StandingBallot
from nexus.domain.poll import Status
from nexus.domain.rights import may_know
from nexus.domain.text import counted

ONE_SLOT = UUID(int=0)
"""The slot of the only ballot a voter may have."""

MAY_NOT_VOTE = "This token may not vote in this poll."
"""What a screen is told, and a guest in a poll without guests."""


class Box(msgspec.Struct, frozen=True):
    """What decides about a poll's ballots, read under its lock; `status` is by the database's clock."""

    poll: int
    status: Status
    epoch: int
    max_choices: int
    votes_per_user: int
    allow_change: bool
    allow_guests: bool
    is_public: bool
    created_by: str
    options: frozenset[int]


class Verdict(msgspec.Struct, frozen=True):
    """What to do: ballots in `gone` no longer stand, `put` stands (in the slot it takes over), and the act is kept.

    For a replay nothing is done, and `receipt` is the ledger's answer.
    """

    outcome: Outcome
    options: tuple[int, ...] = ()
    put: StandingBallot | None = None
    gone: tuple[StandingBallot, ...] = ()
    receipt: Receipt | None = None

    @property
    def changes_totals(self) -> bool:
        """Whether a totals frame would show anything of it."""
        return self.outcome not in (Outcome.UNCHANGED, Outcome.REPLAYED)


def decide(
    box: Box, ballot: Ballot, known: KnownAct | None, standing: tuple[StandingBallot, ...], *, joined: bool
) -> Verdict:
    """Judge `ballot`; the voter's ballots of this epoch are `standing`, and `known` is what the ledger has of its op.

    Raises a NexusError with the contract's code where it is refused. A known op is answered before any refusal but
    that of a poll which the voter may not know of.
    """
    by = ballot.by
    if not may_know(by, box.poll, box.created_by, is_public=box.is_public, status=box.status, joined=joined):
        raise errors.PollNotFound
    if known is not None:
        return _replay(box, ballot, known, standing)
    if by.is_screen or (by.is_guest and not box.allow_guests):
        raise errors.Forbidden(MAY_NOT_VOTE)
    _refuse_unless_open(box, ballot)
    if ballot.act is Act.RETRACT:
        return _retract(box, ballot, standing)
    _refuse_bad_choices(box, ballot.options)
    return _cast(box, ballot, standing)


def _replay(box: Box, ballot: Ballot, known: KnownAct, standing: tuple[StandingBallot, ...]) -> Verdict:
    same = known.act is ballot.act and known.ballot == ballot.ballot
    if not same or sorted(known.options) != sorted(ballot.options):
        raise errors.OpReused
    # Not decided by the epoch: a repair may have moved the ballot to one that nobody has seen.
    stands = any(one.op == known.op for one in standing)
    receipt = Receipt(
        poll=box.poll,
        op=known.op,
        status=Outcome.REPLAYED,
        options=known.options,
        epoch=known.epoch,
        version=known.version,
        stands=stands,
    )
    return Verdict(Outcome.REPLAYED, receipt=receipt)


def _refuse_unless_open(box: Box, ballot: Ballot) -> None:
    if ballot.epoch is not None and ballot.epoch != box.epoch:
        raise errors.PollReset
    if box.status is Status.CLOSED:
        raise errors.PollClosed
    if box.status is not Status.OPEN:
        raise errors.PollNotOpen


def _refuse_bad_choices(box: Box, options: tuple[int, ...]) -> None:
    if not options:
        raise errors.NoChoice
    if len(set(options)) != len(options):
        raise errors.DuplicateChoice
    if not box.options.issuperset(options):
        raise errors.UnknownOption
    if len(options) > box.max_choices:
        raise errors.TooManyChoices(f"This poll allows at most {counted(box.max_choices, 'choice')} per ballot.")


def _cast(box: Box, ballot: Ballot, standing: tuple[StandingBallot, ...]) -> Verdict:
    if box.votes_per_user > 1:
        if len(standing) >= box.votes_per_user:
            raise errors.VoteLimitReached
        return _stands(Outcome.RECORDED, ballot, ballot.op)
    if not standing:
        return _stands(Outcome.RECORDED, ballot, ONE_SLOT)
    if not box.allow_change:
        raise errors.AlreadyVoted
    same = sorted(standing[0].options) == sorted(ballot.options)
    return _stands(Outcome.UNCHANGED if same else Outcome.CHANGED, ballot, standing[0].slot, standing)


def _stands(outcome: Outcome, ballot: Ballot, slot: UUID, gone: tuple[StandingBallot, ...] = ()) -> Verdict:
    put = StandingBallot(slot=slot, op=ballot.op, options=ballot.options)
    return Verdict(outcome, options=ballot.options, put=put, gone=gone)


def _retract(box: Box, ballot: Ballot, standing: tuple[StandingBallot, ...]) -> Verdict:
    if not box.allow_change:
        raise errors.ChangeNotAllowed
    named = standing if ballot.ballot is None else tuple(one for one in standing if one.op == ballot.ballot)
    return Verdict(Outcome.RETRACTED if named else Outcome.UNCHANGED, gone=named)
