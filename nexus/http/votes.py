"""Votes: the edge of the ballot box. An answer is sent only after the commit, and always names its op."""

from __future__ import annotations

import asyncio

import msgspec
from msgspec import UNSET, UnsetType

from nexus.errors import Forbidden, Invalid, OutcomeUnknown, PollNotFound, TooMany
from nexus.http.call import Asked, Call, Nothing, Reply, call, uuid
from nexus.http.sight import look
from nexus.model import Act, Ballot, Outcome, Receipt
from nexus.views import BallotView, ballot_views

ANSWER_S = 30.0
"""Beyond every time-out of the store: whoever waits longer is told to retry with the same op."""

MOST_CHOICES = 100
"""No poll has more options."""


class Vote(msgspec.Struct, forbid_unknown_fields=True):
    """A ballot: `options`, or `option` for one alone; `epoch` where it is meant for that round only."""

    options: list[int] | UnsetType = UNSET
    option: int | UnsetType = UNSET
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

    ballot: str | UnsetType = UNSET


class OwnVotes(msgspec.Struct, frozen=True):
    """A voter's own ballots that stand."""

    poll: int
    votes: list[BallotView]


async def cast(asked: Asked[Vote, Nothing]) -> Reply[Receipt]:
    """Cast a ballot, or change the one that stands."""
    poll = asked.id("poll", PollNotFound())
    choices = asked.body.choices()
    return await _act(asked, Ballot(asked.op, poll, asked.by, options=choices, epoch=asked.body.epoch))


async def retract(asked: Asked[Nothing, Retraction]) -> Reply[Receipt]:
    """Take back one's ballot, or all of several."""
    poll = asked.id("poll", PollNotFound())
    named = asked.query.ballot
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
    if asked.by.is_screen:
        raise Forbidden("A screen has no votes.")
    sight = await look(asked.parts, asked.id("poll", PollNotFound()), asked.by)
    seat = await asked.parts.tallies.seat(sight.poll.id, asked.by.voter)
    return Reply(OwnVotes(sight.poll.id, ballot_views(seat.votes)))


CALLS: tuple[Call, ...] = (
    call("POST", "/polls/{poll}/vote", cast, body=Vote, query=Nothing, answer=Receipt, statuses=(201, 200), votes=True),
    call("DELETE", "/polls/{poll}/vote", retract, body=Nothing, query=Retraction, answer=Receipt, votes=True),
    call("GET", "/polls/{poll}/vote", read, body=Nothing, query=Nothing, answer=OwnVotes),
)
"""The calls of this file."""
