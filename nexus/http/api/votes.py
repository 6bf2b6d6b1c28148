"""Votes: the edge of the ballot box. An answer is sent only after the commit, and always names its op."""

from __future__ import annotations

import asyncio
from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.ballot import Act, Ballot, Outcome, Receipt
from nexus.domain.definition import MOST_CHOICES, says
from nexus.domain.rights import Role
from nexus.domain.views import BallotView, Id, ballot_views
from nexus.errors import (
    AlreadyVoted,
    ChangeNotAllowed,
    DuplicateChoice,
    Forbidden,
    Invalid,
    NexusError,
    NoChoice,
    OpReused,
    OutcomeUnknown,
    PollClosed,
    PollNotFound,
    PollNotOpen,
    PollReset,
    TooMany,
    TooManyChoices,
    UnknownOption,
    VoteLimitReached,
)
from nexus.http.api.sight import look
from nexus.http.framework.call import Asked, Call, Nothing, Reply, call, uuid

ANSWER_S = 30.0
"""Beyond every time-out of the store: whoever waits longer is told to retry with the same op."""


class Vote(msgspec.Struct, forbid_unknown_fields=True):
    """A ballot: `options`, or `option` for one alone; `epoch` where it is meant for that round only."""

    schema_rules: ClassVar[dict[str, object]] = {"oneOf": [{"required": ["options"]}, {"required": ["option"]}]}

    options: Annotated[list[Id], says(minItems=1, maxItems=MOST_CHOICES, uniqueItems=True)] | UnsetType = UNSET
    option: Id | UnsetType = UNSET
    epoch: int | None = None

    def choices(self) -> tuple[int, ...]:
        """The options it names. Raises `Invalid` unless it says so in one way.

        A ballot with too many is cut to one too many, which is refused all the same and takes no more room.
        """
        if self.options is UNSET and self.option is not UNSET:
            return (self.option,)
        if self.options is not UNSET and self.option is UNSET:
            return tuple(self.options[: MOST_CHOICES + 1])
        raise Invalid(errors=(("options", "is required, or option in its place"),))


class Retraction(msgspec.Struct):
    """Which of several ballots to take back, by its op; without it all."""

    ballot: Annotated[str, says(format="uuid")] | UnsetType = UNSET


class OwnVotes(msgspec.Struct, frozen=True):
    """A voter's own ballots that stand."""

    poll: Id
    votes: list[BallotView]


async def cast(asked: Asked[Vote, Nothing]) -> Reply[Receipt]:
    """Cast a ballot, or change the one that stands."""
    poll = asked.id("poll", PollNotFound())
    choices = asked.body.choices()
    return await _act(asked, Ballot(asked.op, poll, asked.by, options=choices, epoch=asked.body.epoch))


async def retract(asked: Asked[Nothing, Retraction]) -> Reply[Receipt]:
    """Take back one's ballot, or all of several."""
    poll = asked.id("poll", PollNotFound())
    named = asked.request.query_params.get("ballot", UNSET)  # an empty one names no ballot, and must not take back all
    ballot = None if named is UNSET else uuid("ballot", named)
    return await _act(asked, Ballot(asked.op, poll, asked.by, act=Act.RETRACT, ballot=ballot))


async def _act(asked: Asked[Vote, Nothing] | Asked[Nothing, Retraction], ballot: Ballot) -> Reply[Receipt]:
    wait = asked.parts.rates.votes.take(ballot.by.voter)
    if wait:
        raise TooMany("Too many votes at once.", after_s=wait)
    try:
        # What ends here is only the waiting: a ballot that is in the box is recorded whoever still listens.
        async with asyncio.timeout(ANSWER_S):
            receipt = await asked.parts.ballots.cast(ballot)
    except TimeoutError:
        raise OutcomeUnknown from None
    return Reply(receipt, 201 if receipt.status is Outcome.RECORDED else 200)


async def read(asked: Asked[Nothing, Nothing]) -> Reply[OwnVotes]:
    """One's own ballots that stand."""
    sight = await look(asked.parts, asked.id("poll", PollNotFound()), asked.by)
    if sight.role is Role.SCREEN:
        raise Forbidden("A screen has no votes.")
    state = await asked.parts.tallies.voter_state(sight.poll.id, asked.by.voter)
    return Reply(OwnVotes(sight.poll.id, ballot_views(state.votes)))


_EITHER: tuple[type[NexusError], ...] = (Forbidden, OpReused, PollClosed, PollNotOpen, TooMany)
"""What any act of voting may be refused for (`nexus.verdict`)."""

_CAST: tuple[type[NexusError], ...] = (
    *(AlreadyVoted, PollReset, VoteLimitReached),
    *(DuplicateChoice, NoChoice, TooManyChoices, UnknownOption),
)

CALLS: tuple[Call, ...] = (
    call(
        "POST",
        "/polls/{poll}/vote",
        cast,
        body=Vote,
        query=Nothing,
        answer=Receipt,
        statuses=(201, 200),
        raises=(*_EITHER, *_CAST),
        votes=True,
    ),
    call(
        "DELETE",
        "/polls/{poll}/vote",
        retract,
        body=Nothing,
        query=Retraction,
        answer=Receipt,
        raises=(*_EITHER, ChangeNotAllowed),
        votes=True,
    ),
    call("GET", "/polls/{poll}/vote", read, body=Nothing, query=Nothing, answer=OwnVotes, raises=(Forbidden,)),
)
"""The calls of this file."""
