"""What a client sees of a poll: the shapes that both doors share, with counts only where they may be seen.

Every count that leaves Nexus goes through here, hidden ones as null and never as 0
(docs/contract.md, "Who sees results").
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from nexus.domain.ballot import CastVote
from nexus.domain.event import Event
from nexus.domain.poll import Chart, Option, OptionOrder, Policy, Poll, Status, Totals, Visibility, percentage
from nexus.domain.rights import Role

# What the documents say of the values of a view, which nothing checks: they are made here.
Id = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 1})]
Number = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 0})]
Stamp = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time", "description": "In UTC, ending in Z."})]
Share = Annotated[float, msgspec.Meta(extra_json_schema={"minimum": 0, "maximum": 100})]


class OptionView(msgspec.Struct, frozen=True):
    """An option; `votes_count` is null where counts are hidden."""

    id: Id
    option_text: str
    position: Number
    votes_count: Number | None


class PollView(msgspec.Struct, frozen=True):
    """A poll, as those see it who may know of it."""

    id: Id
    code: str | None
    question: str
    description: str
    category: Id | None
    created_by: str
    event: Id | None
    position: Number | None
    is_public: bool
    status: Status
    opens_at: Stamp | None
    expires_at: Stamp | None
    closed_at: Stamp | None
    max_choices: Number
    votes_per_user: Number
    allow_change: bool
    allow_guests: bool
    anonymous: bool
    results: Policy
    chart: Chart
    option_order: OptionOrder
    language: str | None
    options: list[OptionView]
    epoch: Number
    version: Number
    corrected_at: Stamp | None
    created_at: Stamp
    updated_at: Stamp


class SheetPollView(msgspec.Struct, frozen=True):
    """A poll as it stands in the run sheet of its event."""

    id: Id
    question: str
    status: Status


class EventView(msgspec.Struct, frozen=True):
    """An event, as those see it who may know of it: `polls` is its run sheet, `polls_count` how many there are with
    those that are hidden, and `shown` the poll that everybody is shown, null where nothing is."""

    id: Id
    code: str
    title: str
    description: str
    created_by: str
    hosts: list[str]
    is_public: bool
    allow_guests: bool
    polls: list[SheetPollView]
    polls_count: Number
    shown: Id | None
    revision: Number
    created_at: Stamp
    updated_at: Stamp


class ResultOption(msgspec.Struct, frozen=True):
    """An option's share; both figures are null where counts are hidden."""

    id: Id
    option_text: str
    votes_count: Number | None
    percentage: Share | None


class ResultsView(msgspec.Struct, frozen=True):
    """The results of a poll; figures are null while counts are hidden, and `final` once it is closed."""

    poll: Id
    question: str
    status: Status
    epoch: Number
    version: Number
    visibility: Visibility
    final: bool
    voters: Number
    total_votes: Number
    options: list[ResultOption]
    expires_at: Stamp | None
    server_now: Stamp


class Count(msgspec.Struct, frozen=True):
    """One option's votes in a totals frame."""

    id: Id
    votes_count: Number | None


class TotalsView(msgspec.Struct, frozen=True, tag="totals"):
    """The totals of a poll: always a whole snapshot, ordered by `(epoch, version)`."""

    poll: Id
    epoch: Number
    version: Number
    status: Status
    visibility: Visibility
    final: bool
    voters: Number
    total_votes: Number
    options: list[Count]
    server_now: Stamp


class BallotView(msgspec.Struct, frozen=True):
    """One of a voter's own standing ballots."""

    op: str
    options: list[Id]
    cast_at: Stamp


def stamp(time: datetime) -> str:
    """ISO 8601 in UTC, ending in Z."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _stamp(time: datetime | None) -> str | None:
    return None if time is None else stamp(time)


def option_view(option: Option, sees: Visibility) -> OptionView:
    """`option` as those with the visibility `sees` see it."""
    count = option.votes_count if sees is Visibility.FULL else None
    return OptionView(option.id, option.option_text, option.position, count)


def poll_view(poll: Poll, sees: Visibility) -> PollView:
    """`poll` as those with the visibility `sees` see it."""
    return PollView(
        id=poll.id,
        code=poll.code or None,
        question=poll.question,
        description=poll.description,
        category=poll.category,
        created_by=poll.created_by,
        event=poll.event,
        position=poll.position,
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
        chart=poll.chart,
        option_order=poll.option_order,
        language=poll.language,
        options=[option_view(option, sees) for option in poll.options],
        epoch=poll.epoch,
        version=poll.version,
        corrected_at=_stamp(poll.corrected_at),
        created_at=stamp(poll.created_at),
        updated_at=stamp(poll.updated_at),
    )


def event_view(event: Event, role: Role) -> EventView:
    """`event` as those with this role in it see it: hidden polls are there for all but voters."""
    return EventView(
        id=event.id,
        code=event.code,
        title=event.title,
        description=event.description,
        created_by=event.created_by,
        hosts=list(event.hosts),
        is_public=event.is_public,
        allow_guests=event.allow_guests,
        polls=[
            SheetPollView(one.id, one.question, one.status)
            for one in event.polls
            if role is not Role.VOTER or not one.hidden
        ],
        polls_count=len(event.polls),
        shown=event.shown,
        revision=event.revision,
        created_at=stamp(event.created_at),
        updated_at=stamp(event.updated_at),
    )


def results_view(poll: Poll, sees: Visibility, now: datetime) -> ResultsView:
    """The results of `poll` as those with the visibility `sees` see them."""
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
    """A totals frame for those with the visibility `sees`."""
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
        options=[Count(option, n if full else None) for option, n in totals.counts],
        server_now=stamp(now),
    )


def ballot_views(votes: tuple[CastVote, ...]) -> list[BallotView]:
    """A voter's own standing ballots."""
    return [BallotView(str(vote.op), list(vote.options), stamp(vote.cast_at)) for vote in votes]
