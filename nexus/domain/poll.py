"""Polls and their totals: pure values, no I/O and no clock (docs/contract.md, "The poll")."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

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


class Chart(StrEnum):
    """As what a screen draws the counts."""

    BARS = "bars"
    COLUMNS = "columns"
    DONUT = "donut"


class OptionOrder(StrEnum):
    """In which order a screen shows the options."""

    POSITION = "position"
    VOTES = "votes"


class Visibility(StrEnum):
    """Whether a view has counts, or turnout alone."""

    FULL = "full"
    TURNOUT = "turnout"


class Place(NamedTuple):
    """The order of totals: `(epoch, version)`."""

    epoch: int
    version: int


class Option(msgspec.Struct, frozen=True):
    """One possible answer and how many standing ballots name it."""

    id: int
    option_text: str
    position: int
    votes_count: int


class Poll(msgspec.Struct, frozen=True):
    """One poll as the database holds it.

    `revision` grows with every change of the definition or status, `retractions` with every ballot withdrawn
    or stripped: workers compare them to notice what a totals frame does not show. `corrected_at` is when a text was
    last corrected under ballots of this round, None where none was; `language` is that of the texts, a tag of BCP 47,
    None where it is not known. A poll of an `event` has a `position` in its run sheet, an empty code, and co-hosts,
    whose subjects are `hosts`; `was_shown` says that its event has shown it.
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
    chart: Chart
    option_order: OptionOrder
    language: str | None
    options: tuple[Option, ...]
    epoch: int
    version: int
    revision: int
    retractions: int
    voters: int
    ballots: int
    corrected_at: datetime | None
    created_at: datetime
    updated_at: datetime
    event: int | None = None
    position: int | None = None
    was_shown: bool = False
    hosts: frozenset[str] = frozenset()

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
    """What a worker reads about a watched poll: cheap, and enough to tell that it is behind."""

    place: Place
    revision: int
    status: Status


def percentage(count: int, ballots: int) -> float:
    """The share of `ballots` that name an option: two decimals, halves rounded up; 0.0 where there are none.

    In whole numbers: a float would lose the halves, and `round` takes every other one down.
    """
    hundredths = (20_000 * count + ballots) // (2 * ballots) if ballots else 0
    return hundredths / 100
