"""Pairing: a host makes a code, and another device uses it up for a token of the poll (docs/contract.md, "Pairing")."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from nexus.access.pairing_codes import new_pairing_code, pairing_digest
from nexus.domain.rights import Role
from nexus.domain.text import says
from nexus.domain.views import Id, Stamp, stamp
from nexus.errors import Forbidden, PairingNotFound, PollInEvent, PollNotFound, TooMany
from nexus.http.api.guests import Code
from nexus.http.api.seen_poll import see_poll
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import pairings

PairedRole = Annotated[
    Literal["screen", "presenter"],
    says(
        description="`screen` can only read; `presenter` can open and close the poll, show its results and hide them."
    ),
]


class NewPairing(msgspec.Struct, forbid_unknown_fields=True):
    """As what the other device will see the poll; `handover` makes a long code for a link that is opened at once."""

    role: PairedRole
    handover: bool = False


class PairingView(msgspec.Struct, frozen=True):
    """A pairing code: it serves once, until it expires."""

    code: str
    role: PairedRole
    expires_at: Stamp


class PairedToken(msgspec.Struct, frozen=True):
    """An access token, its lifetime in seconds, its role, and the id and code of the only poll that it is for."""

    access: str
    expires_in: int
    role: PairedRole
    poll: Id
    code: str


async def make(request: TypedRequest[NewPairing, Nothing], services: RestServices) -> Reply[PairingView]:
    """Make a code with which another device shows this poll, or presents it, once."""
    seen = await see_poll(services.tallies, request.path_id("poll", PollNotFound()), request.by)
    seen.require_host()
    body = request.body
    new = new_pairing_code(handover=body.handover)
    expires_at = await pairings.make(
        services.database,
        pairing_digest(new.code),
        seen.poll.id,
        Role(body.role),
        request.by,
        within_s=new.ttl_s,
        ttl_s=services.lifetimes.screen_s,
    )
    return Reply(PairingView(new.code, body.role, stamp(expires_at)), 201)


async def redeem(request: TypedRequest[Code, Nothing], services: RestServices) -> Reply[PairedToken]:
    """Use a pairing code up for a token of its poll."""
    digest, ttl_s = pairing_digest(request.body.text()), services.lifetimes.screen_s
    try:
        found = await pairings.redeem(services.database, digest, ttl_s=ttl_s)
    except PairingNotFound:
        services.codes.failed(request.address)
        raise
    access = services.tokens.access(
        found.voter, (found.role,), ttl_s, polls=(found.poll,), login=found.login, delegated=found.is_delegated
    )
    role: Literal["screen", "presenter"] = "presenter" if found.role is Role.PRESENTER else "screen"
    return Reply(PairedToken(access, ttl_s, role, found.poll, found.code), 201)


CALLS: tuple[RestCall, ...] = (
    call(
        "POST",
        "/polls/{poll}/pairing",
        make,
        body=NewPairing,
        query=Nothing,
        answer=PairingView,
        statuses=(201,),
        raises=(Forbidden, PollInEvent),
    ),
    call(
        "POST",
        "/auth/screen",
        redeem,
        body=Code,
        query=Nothing,
        answer=PairedToken,
        statuses=(201,),
        raises=(PairingNotFound, TooMany),
        public=True,
    ),
)
"""The calls of this file."""
