"""Ballots and what becomes of them: values alone (docs/contract.md, "Voting")."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from nexus.domain.identity import Identity


class Act(StrEnum):
    """What a voter does in one op."""

    VOTE = "vote"
    RETRACT = "retract"


class Outcome(StrEnum):
    """What became of an act that was not refused."""

    RECORDED = "recorded"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RETRACTED = "retracted"
    REPLAYED = "replayed"


class Ballot(msgspec.Struct, frozen=True):
    """One act of voting as it arrived: only its shape has been checked.

    `ballot` names one of several ballots to retract; `epoch`, where given, is the round it is meant for.
    """

    op: UUID
    poll: int
    by: Identity
    act: Act = Act.VOTE
    options: tuple[int, ...] = ()
    epoch: int | None = None
    ballot: UUID | None = None


class Receipt(msgspec.Struct, frozen=True):
    """The answer to an act, true once its transaction has committed (docs/contract.md, "Voting")."""

    poll: int
    op: UUID
    status: Outcome
    options: tuple[int, ...]
    epoch: int
    version: int
    stands: bool


class CastVote(msgspec.Struct, frozen=True):
    """A voter's own standing ballot, as `me` and `GET …/vote/` show it."""

    op: UUID
    options: tuple[int, ...]
    cast_at: datetime
