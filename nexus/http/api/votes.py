"""Votes: cast, withdrawn and read. An act is answered only after its commit, and always with its op."""

from __future__ import annotations

import asyncio
from typing import Annotated, ClassVar

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.ballot import Act, Ballot, Outcome, Receipt
from nexus.domain.definition import MOST_CHOICES
from nexus.domain.rights import MAY_NOT_VOTE, Seat, seat
from nexus.domain.text import says
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
from nexus.http.api.seen_poll import see_poll
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call, uuid

ANSWER_S = 30.0
"""Longer than every timeout of the store: a voter who waits longer is told to retry with the same op."""


class VoteBody(msgspec.Struct, forbid_unknown_fields=True):
    """A ballot: `options`, or `option` for a single one; `epoch` where it is meant for that round only."""

    schema_rules: ClassVar[dict[str, object]] = {"oneOf": [{"required": ["options"]}, {"required": ["option"]}]}

    options: Annotated[list[Id], says(minItems=1, maxItems=MOST_CHOICES, uniqueItems=True)] | UnsetType = UNSET
    option: Id | UnsetType = UNSET
    epoch: int | None = None

    def choices(self) -> tuple[int, ...]:
        """The options it names. Raises `Invalid` unless it names them in exactly one of the two ways.

        A ballot with too many is cut to one too many: it is refused all the same, and takes up no more memory.
        """
        if self.options is UNSET and self.option is not UNSET:
            return (self.option,)
        if self.options is not UNSET and self.option is UNSET:
            return tuple(self.options[: MOST_CHOICES + 1])
        wrong = "is required unless option is given" if self.options is UNSET else "must not be combined with option"
        raise Invalid(errors=(("options", wrong),))


class Retraction(msgspec.Struct):
    """Which of several ballots to withdraw, by its op; without it, all of them."""

    ballot: Annotated[str, says(format="uuid")] | UnsetType = UNSET


class OwnVotes(msgspec.Struct, frozen=True):
    """The voter's own ballots that stand."""

    poll: Id
    votes: list[BallotView]


async def cast(request: TypedRequest[VoteBody, Nothing], services: RestServices) -> Reply[Receipt]:
    """Cast a ballot, or change the one that stands."""
    poll = request.path_id("poll", PollNotFound())
    choices = request.body.choices()
    return await _act(services, Ballot(request.op, poll, request.by, options=choices, epoch=request.body.epoch))


async def retract(request: TypedRequest[Nothing, Retraction], services: RestServices) -> Reply[Receipt]:
    """Withdraw your ballot, or all of several."""
    poll = request.path_id("poll", PollNotFound())
    # Read here: an empty one names no ballot, and must not withdraw all of them.
    named = request.raw.query_params.get("ballot", UNSET)
    ballot = None if named is UNSET else uuid("ballot", named)
    return await _act(services, Ballot(request.op, poll, request.by, act=Act.RETRACT, ballot=ballot))


async def _act(services: RestServices, ballot: Ballot) -> Reply[Receipt]:
    wait = services.rates.votes.take(ballot.by.voter)
    if wait:
        raise TooMany("Too many votes at once.", after_s=wait)
    try:
        # Only the waiting ends here: a ballot that is in the box is recorded whether or not anybody still waits.
        async with asyncio.timeout(ANSWER_S):
            receipt = await services.ballots.cast(ballot)
    except TimeoutError:
        raise OutcomeUnknown from None
    return Reply(receipt, 201 if receipt.status is Outcome.RECORDED else 200)


async def read(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[OwnVotes]:
    """Read your own ballots that stand."""
    seen = await see_poll(services.tallies, request.path_id("poll", PollNotFound()), request.by)
    if seat(request.by) is Seat.SCREEN:
        raise Forbidden(MAY_NOT_VOTE)
    state = await services.tallies.voter_state(seen.poll.id, request.by.voter)
    return Reply(OwnVotes(seen.poll.id, ballot_views(state.votes)))


# What any act of voting may be refused for (`record_ballots` in `schema.sql`).
_EITHER: tuple[type[NexusError], ...] = (Forbidden, OpReused, PollClosed, PollNotOpen, TooMany)
# What only a ballot may be refused for.
_CAST: tuple[type[NexusError], ...] = (
    *(AlreadyVoted, PollReset, VoteLimitReached),
    *(DuplicateChoice, NoChoice, TooManyChoices, UnknownOption),
)

CALLS: tuple[RestCall, ...] = (
    call(
        "POST",
        "/polls/{poll}/vote",
        cast,
        body=VoteBody,
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
