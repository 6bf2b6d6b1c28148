"""What a client sees of a poll: the shapes both edges share, with counts only where they may be seen.

Every count that leaves Nexus goes through here, hidden ones as null and never as 0 (contract, section 2).
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from nexus.model import CastVote, Option, Policy, Poll, Status, Totals, Visibility, percentage


class OptionView(msgspec.Struct, frozen=True):
    """An option; `votes_count` is null where counts are hidden."""

    id: int
    option_text: str
    position: int
    votes_count: int | None


class PollView(msgspec.Struct, frozen=True):
    """A poll (contract, section 2, Polls)."""

    id: int
    code: str
    question: str
    description: str
    category: int | None
    created_by: str
    is_public: bool
    status: Status
    opens_at: str | None
    expires_at: str | None
    closed_at: str | None
    max_choices: int
    votes_per_user: int
    allow_change: bool
    allow_guests: bool
    anonymous: bool
    results: Policy
    options: list[OptionView]
    epoch: int
    version: int
    created_at: str
    updated_at: str


class ResultOption(msgspec.Struct, frozen=True):
    """An option's share; both figures are null where counts are hidden."""

    id: int
    option_text: str
    votes_count: int | None
    percentage: float | None


class ResultsView(msgspec.Struct, frozen=True):
    """The results of a poll (contract, section 2, Results)."""

    poll: int
    question: str
    status: Status
    epoch: int
    version: int
    visibility: Visibility
    final: bool
    voters: int
    total_votes: int
    options: list[ResultOption]
    expires_at: str | None
    server_now: str


class Count(msgspec.Struct, frozen=True):
    """One option's votes in a totals frame."""

    id: int
    votes_count: int | None


class TotalsView(msgspec.Struct, frozen=True, tag="totals"):
    """A totals frame (contract, section 3)."""

    poll: int
    epoch: int
    version: int
    status: Status
    visibility: Visibility
    final: bool
    voters: int
    total_votes: int
    options: list[Count]
    server_now: str


class BallotView(msgspec.Struct, frozen=True):
    """One of a voter's own standing ballots."""

    op: str
    options: list[int]
    cast_at: str


def stamp(time: datetime) -> str:
    """ISO 8601 in UTC, ending in Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _stamp(time: datetime | None) -> str | None:
    return None if time is None else stamp(time)


def option_view(option: Option, sees: Visibility) -> OptionView:
    """`option` as somebody sees it to whom `sees` applies."""
    count = option.votes_count if sees is Visibility.FULL else None
    return OptionView(option.id, option.option_text, option.position, count)


def poll_view(poll: Poll, sees: Visibility) -> PollView:
    """`poll` as somebody sees it to whom `sees` applies."""
    return PollView(
        id=poll.id,
        code=poll.code,
        question=poll.question,
        description=poll.description,
        category=poll.category,
        created_by=poll.created_by,
        is_public=poll.is_public,
        status=poll.status,
        opens_at=_stamp(poll.opens_at),
        expires_at=_stamp(poll.expires_at),
        closed_at=_stamp(poll.closed_at),
        max_choices=poll.max_choices,
        votes_per_user=poll.votes_per_user,
        allow_change=poll.allow_change,
        allow_guests=poll.allow_guests,
        anonymous=poll.anonymous,
        results=poll.results,
        options=[option_view(option, sees) for option in poll.options],
        epoch=poll.epoch,
        version=poll.version,
        created_at=stamp(poll.created_at),
        updated_at=stamp(poll.updated_at),
    )


def results_view(poll: Poll, sees: Visibility, now: datetime) -> ResultsView:
    """The results of `poll` as somebody sees them to whom `sees` applies."""
    full = sees is Visibility.FULL
    return ResultsView(
        poll=poll.id,
        question=poll.question,
        status=poll.status,
        epoch=poll.epoch,
        version=poll.version,
        visibility=sees,
        final=poll.status is Status.CLOSED,
        voters=poll.voters,
        total_votes=poll.ballots,
        options=[
            ResultOption(
                id=one.id,
                option_text=one.option_text,
                votes_count=one.votes_count if full else None,
                percentage=percentage(one.votes_count, poll.ballots) if full else None,
            )
            for one in poll.options
        ],
        expires_at=_stamp(poll.expires_at),
        server_now=stamp(now),
    )


def totals_view(totals: Totals, sees: Visibility, now: datetime) -> TotalsView:
    """A totals frame for those to whom `sees` applies."""
    full = sees is Visibility.FULL
    return TotalsView(
        poll=totals.poll,
        epoch=totals.epoch,
        version=totals.version,
        status=totals.status,
        visibility=sees,
        final=totals.final,
        voters=totals.voters,
        total_votes=totals.ballots,
        options=[Count(id, n if full else None) for id, n in totals.counts],
        server_now=stamp(now),
    )


def ballot_views(votes: tuple[CastVote, ...]) -> list[BallotView]:
    """A voter's own standing ballots."""
    return [BallotView(str(vote.op), list(vote.options), stamp(vote.cast_at)) for vote in votes]
