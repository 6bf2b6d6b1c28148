"""Guests: a poll's code goes in, a token for that poll alone comes out (docs/contract.md, "Guests")."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import msgspec

from nexus.access.tokens import Tokens
from nexus.domain.codes import LONGEST_CODE
from nexus.domain.poll import Status
from nexus.domain.text import text_problems, text_rule
from nexus.domain.views import Id
from nexus.errors import GuestsNotAllowed, Invalid, PollNotFound, TooMany, Unauthenticated
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, bearer, call


class Code(msgspec.Struct, forbid_unknown_fields=True):
    """A code as somebody typed it."""

    code: Annotated[str, text_rule(LONGEST_CODE)]

    def text(self) -> str:
        """The code. Raises `Invalid` for what cannot be one."""
        problems = text_problems("code", self.code, LONGEST_CODE)
        if problems:
            raise Invalid(errors=tuple(problems))
        return self.code


class GuestToken(msgspec.Struct, frozen=True):
    """A guest's access token, its lifetime in seconds, the voter that it stands for, and the id of its poll."""

    access: str
    expires_in: int
    voter: str
    poll: Id


async def enter(request: TypedRequest[Code, Nothing], services: RestServices) -> Reply[GuestToken]:
    """Enter a poll by its code without an account, or renew the token of an earlier entry."""
    poll = await services.codes.find(request.body.text(), request.address)
    # Only now: wrong codes must not use up what a whole audience behind one address needs.
    request.take(services.rates.guests)
    if poll.status is Status.DRAFT:
        raise PollNotFound
    if not poll.allow_guests:
        raise GuestsNotAllowed
    voter = _earlier_voter(request, services.tokens, poll.id) or f"guest:{uuid4()}"
    ttl_s = services.lifetimes.guest_s
    access = services.tokens.access(voter, ("guest",), ttl_s, polls=(poll.id,))
    return Reply(GuestToken(access, ttl_s, voter, poll.id), 201)


def _earlier_voter(request: TypedRequest[Code, Nothing], tokens: Tokens, poll: int) -> str | None:
    """The voter of an earlier guest token for this poll, expired or not; any other token is ignored."""
    try:
        token = bearer(request.raw)
    except Unauthenticated:
        return None
    earlier = tokens.earlier_guest(token)
    return earlier.voter if earlier is not None and earlier.polls == frozenset((poll,)) else None


CALLS: tuple[RestCall, ...] = (
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
