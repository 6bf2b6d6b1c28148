"""Guests: the code of a poll or an event goes in, a token for that alone comes out (docs/contract.md, "Guests")."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import msgspec

from nexus.access.tokens import Tokens
from nexus.domain.codes import LONGEST_CODE
from nexus.domain.event import Event
from nexus.domain.poll import Poll, Status
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
    """A guest's access token, its lifetime in seconds, and the voter that it stands for.

    `poll` is its poll, and `event` null; or `event` is its event, and `poll` the one that is shown, null where nothing
    is.
    """

    access: str
    expires_in: int
    voter: str
    poll: Id | None
    event: Id | None


async def enter(request: TypedRequest[Code, Nothing], services: RestServices) -> Reply[GuestToken]:
    """Enter a poll or an event by its code without an account, or renew the token of an earlier entry."""
    found = await services.codes.find_either(request.body.text(), request.address)
    # Only now: wrong codes must not use up what a whole audience behind one address needs.
    request.take(services.rates.guests)
    if isinstance(found, Poll) and found.status is Status.DRAFT:
        raise PollNotFound
    if not found.allow_guests:
        raise GuestsNotAllowed
    voter = _earlier_voter(request, services.tokens, found) or f"guest:{uuid4()}"
    ttl_s = services.lifetimes.guest_s
    if isinstance(found, Event):
        access = services.tokens.access(voter, ("guest",), ttl_s, event=found.id)
        return Reply(GuestToken(access, ttl_s, voter, found.shown, found.id), 201)
    access = services.tokens.access(voter, ("guest",), ttl_s, polls=(found.id,))
    return Reply(GuestToken(access, ttl_s, voter, found.id, None), 201)


def _earlier_voter(request: TypedRequest[Code, Nothing], tokens: Tokens, found: Poll | Event) -> str | None:
    """The voter of an earlier guest token for this poll or event, expired or not; any other token is ignored."""
    try:
        token = bearer(request.raw)
    except Unauthenticated:
        return None
    earlier = tokens.earlier_guest(token)
    if earlier is None:
        return None
    bound = earlier.events if isinstance(found, Event) else earlier.polls
    return earlier.voter if bound == frozenset((found.id,)) else None


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
