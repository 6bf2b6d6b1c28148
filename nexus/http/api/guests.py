"""Guests: a poll's code in, a token for that poll alone out (contract, section 2, Accounts)."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import msgspec

from nexus.domain.definition import text, text_problems
from nexus.domain.poll import Status
from nexus.domain.views import Id
from nexus.errors import GuestsNotAllowed, Invalid, PollNotFound, TooMany, Unauthenticated
from nexus.http.framework.call import Asked, Call, Nothing, Reply, bearer, call

LONGEST_CODE = 40
"""People type spaces and dashes into a code."""


class Code(msgspec.Struct, forbid_unknown_fields=True):
    """A poll's code as somebody typed it."""

    code: Annotated[str, text(LONGEST_CODE)]

    def text(self) -> str:
        """The code. Raises `Invalid` for what can be none."""
        problems = text_problems("code", self.code, LONGEST_CODE)
        if problems:
            raise Invalid(errors=tuple(problems))
        return self.code


class GuestToken(msgspec.Struct, frozen=True):
    """A guest's access token, how many seconds it lasts, the voter it makes, and the id of its poll."""

    access: str
    expires_in: int
    voter: str
    poll: Id


async def enter(asked: Asked[Code, Nothing]) -> Reply[GuestToken]:
    """Enter a poll by its code without an account, or renew the token of an earlier entry."""
    parts = asked.parts
    poll = await parts.codes.find(asked.body.text(), asked.address)
    asked.take(parts.rates.guests)  # only now: wrong codes must not use up what a hall behind one address needs
    if poll.status is Status.DRAFT:
        raise PollNotFound
    if not poll.allow_guests:
        raise GuestsNotAllowed
    voter = _earlier_voter(asked, poll.id) or f"guest:{uuid4()}"
    ttl_s = parts.lifetimes.guest_s
    access = parts.tokens.access(voter, ("guest",), ttl_s, polls=(poll.id,))
    return Reply(GuestToken(access, ttl_s, voter, poll.id), 201)


def _earlier_voter(asked: Asked[Code, Nothing], poll: int) -> str | None:
    """The voter of this poll's earlier guest token; whatever else came with the request says nothing."""
    try:
        token = bearer(asked.request)
    except Unauthenticated:
        return None
    earlier = asked.parts.tokens.guest_identity_lately(token)
    return earlier.voter if earlier is not None and earlier.polls == frozenset((poll,)) else None


CALLS: tuple[Call, ...] = (
    call(
        "POST",
        "/auth/guest",
        enter,
        body=Code,
        query=Nothing,
        answer=GuestToken,
        statuses=(201,),
        raises=(GuestsNotAllowed, PollNotFound, TooMany),
        public=True,
    ),
)
"""The calls of this file."""
