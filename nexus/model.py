"""Polls, ballots, totals and who sees what: pure rules, no I/O and no clock (contract, sections 1 and 2)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import msgspec


class Status(StrEnum):
    """Where a poll stands in its life."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    OPEN = "open"
    CLOSED = "closed"


class Policy(StrEnum):
    """When the audience sees counts."""

    LIVE = "live"
    AFTER_VOTE = "after_vote"
    AFTER_CLOSE = "after_close"
    HOST = "host"


class Role(StrEnum):
    """What somebody is to one poll."""

    HOST = "host"
    VOTER = "voter"
    SCREEN = "screen"


class Visibility(StrEnum):
    """Whether counts travel in a view, or turnout alone."""

    FULL = "full"
    TURNOUT = "turnout"


class Place(NamedTuple):
    """The order of totals: `(epoch, version)`."""

    epoch: int
    version: int


class Identity(msgspec.Struct, frozen=True):
    """Who is asking: what a token proved, never the connection it came by.

    `voter` is the subject (`user:12`, `guest:<uuid>`, `ext:<sub>`); `polls` holds the only polls a guest or a
    screen may know of, None where the token is not bound; `expires_at` is the token's end, Unix seconds; `session`
    is the login that the token descends from, "" for a token without one.
    """

    voter: str
    roles: frozenset[str]
    polls: frozenset[int] | None
    expires_at: float
    session: str = ""

    @property
    def is_admin(self) -> bool:
        """May do what any host may."""
        return "admin" in self.roles

    @property
    def is_guest(self) -> bool:
        """Came by a poll's code, without an account."""
        return self.voter.startswith("guest:")

    @property
    def is_screen(self) -> bool:
        """A read-only token for a projector."""
        return "screen" in self.roles

    @property
    def may_host(self) -> bool:
        """May create polls: a registered user, or an external subject whose configured roles say so."""
        bound = self.polls is not None
        return not bound and (self.is_admin or self.voter.startswith("user:") or "host" in self.roles)

    @property
    def user_id(self) -> int | None:
        """The account's id, None for guests and external subjects."""
        return int(self.voter[5:]) if self.voter.startswith("user:") else None


class Option(msgspec.Struct, frozen=True):
    """One possible answer and how many standing ballots name it."""

    id: int
    option_text: str
    position: int
    votes_count: int


class Poll(msgspec.Struct, frozen=True):
    """One poll as the database holds it.

    `revision` grows with every change of the definition or status, `retractions` with every ballot taken back
    or stripped: workers compare them to learn of what a totals frame does not show.
    """

    id: int
    code: str
    question: str
    description: str
    category: int | None
    created_by: str
    is_public: bool
    status: Status
    opens_at: datetime | None
    expires_at: datetime | None
    closed_at: datetime | None
    max_choices: int
    votes_per_user: int
    allow_change: bool
    allow_guests: bool
    anonymous: bool
    results: Policy
    options: tuple[Option, ...]
    epoch: int
    version: int
    revision: int
    retractions: int
    voters: int
    ballots: int
    created_at: datetime
    updated_at: datetime

    @property
    def place(self) -> Place:
        """Where this state stands in the order of totals."""
        return Place(self.epoch, self.version)

    def totals(self) -> Totals:
        """The complete counts of this state."""
        return Totals(
            poll=self.id,
            epoch=self.epoch,
            version=self.version,
            revision=self.revision,
            retractions=self.retractions,
            status=self.status,
            policy=self.results,
            voters=self.voters,
            ballots=self.ballots,
            counts=tuple((option.id, option.votes_count) for option in self.options),
        )


class Totals(msgspec.Struct, frozen=True):
    """The complete counts of one poll at one place; `counts` is (option id, votes) in the poll's order."""

    poll: int
    epoch: int
    version: int
    revision: int
    retractions: int
    status: Status
    policy: Policy
    voters: int
    ballots: int
    counts: tuple[tuple[int, int], ...]

    @property
    def place(self) -> Place:
        """Where these counts stand in the order of totals."""
        return Place(self.epoch, self.version)

    @property
    def final(self) -> bool:
        """True once the close has committed."""
        return self.status is Status.CLOSED


class Watch(NamedTuple):
    """What a worker asks the database about a watched poll: cheap, and enough to know that it is behind."""

    place: Place
    revision: int
    status: Status


def role_in(identity: Identity, created_by: str) -> Role:
    """What `identity` is to a poll it may know of."""
    if identity.is_screen:
        return Role.SCREEN
    return Role.HOST if identity.is_admin or identity.voter == created_by else Role.VOTER


def may_know(
    identity: Identity, poll_id: int, created_by: str, *, is_public: bool, status: Status, joined: bool
) -> bool:
    """Whether the poll exists at all for `identity`; everything else answers 404 (contract, section 2).

    `joined`: the voter entered the poll's code before. A bound token (guest, screen) was made for its poll,
    so it needs no joining; a draft is seen by its host and admins only.
    """
    if identity.polls is not None and poll_id not in identity.polls:
        return False
    if identity.is_screen or identity.is_admin or identity.voter == created_by:
        return True
    if status is Status.DRAFT:
        return False
    return is_public or joined or identity.polls is not None


def visibility(policy: Policy, status: Status, role: Role, *, has_vote: bool) -> Visibility:
    """What somebody sees of the counts: the one place where the result policy is decided."""
    shown = (
        role is not Role.VOTER
        or policy is Policy.LIVE
        or (policy is Policy.AFTER_VOTE and has_vote)
        or (policy is Policy.AFTER_CLOSE and status is Status.CLOSED)
    )
    return Visibility.FULL if shown else Visibility.TURNOUT


def status_due(status: Status, opens_at: datetime | None, expires_at: datetime | None, now: datetime) -> Status:
    """The status the clock asks for at `now`; differs from `status` when an opening or expiry is due."""
    if status is Status.SCHEDULED and opens_at is not None and opens_at <= now:
        status = Status.OPEN
    if status is Status.OPEN and expires_at is not None and expires_at <= now:
        status = Status.CLOSED
    return status


def fold(text: str) -> str:
    """An option's text as it is compared: trimmed and case-folded."""
    return text.strip().casefold()


def percentage(count: int, ballots: int) -> float:
    """The share of `ballots` that name an option, two decimals; 0.0 where there are none."""
    return round(100.0 * count / ballots, 2) if ballots else 0.0


class Act(StrEnum):
    """What a voter does in one op."""

    VOTE = "vote"
    RETRACT = "retract"


class Outcome(StrEnum):
    """The contract's answer to an act that is not refused."""

    RECORDED = "recorded"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    RETRACTED = "retracted"
    REPLAYED = "replayed"


class Ballot(msgspec.Struct, frozen=True):
    """One act of voting as it came: nothing about it is checked but its shape.

    `ballot` names one of several ballots to retract; `epoch`, where given, is the round it is meant for.
    """

    op: UUID
    poll: int
    by: Identity
    act: Act = Act.VOTE
    options: tuple[int, ...] = ()
    epoch: int | None = None
    ballot: UUID | None = None


class Standing(msgspec.Struct, frozen=True):
    """A ballot that stands: its place in `votes` (slot), the op that last touched it, and its choices."""

    slot: UUID
    op: UUID
    options: tuple[int, ...]


class KnownAct(msgspec.Struct, frozen=True):
    """A row of the ledger: what an op did when it first came."""

    op: UUID
    act: Act
    options: tuple[int, ...]
    ballot: UUID | None
    outcome: Outcome
    epoch: int
    version: int


class Receipt(msgspec.Struct, frozen=True):
    """The answer to an act, true once its transaction has committed (contract, section 2, Voting)."""

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
