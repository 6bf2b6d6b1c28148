"""Invitations, as those open them who were invited: a password is chosen, once (docs/contract.md, "Invitations")."""

from __future__ import annotations

from typing import Annotated

import msgspec

from nexus.access.refresh_tokens import refresh_digest
from nexus.domain.text import says
from nexus.domain.views import Stamp, stamp
from nexus.errors import InvitationNotFound, TooMany, WeakPassword
from nexus.http.api.accounts import Password, begin_login, weaknesses
from nexus.http.api.token_pair import TokenPair
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import invitations

InvitationToken = Annotated[str, says(minLength=1)]
"""What an invitation's link has behind `#/invitation/`."""


class InvitationRead(msgspec.Struct, forbid_unknown_fields=True):
    """The token of an invitation that is to be read."""

    token: InvitationToken


class InvitationAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The token of an invitation, and the password that was chosen."""

    token: InvitationToken
    password: Password


class InvitationView(msgspec.Struct, frozen=True):
    """Whom an invitation is for, and until when it can be used."""

    username: str
    expires_at: Stamp


async def read(request: TypedRequest[InvitationRead, Nothing], services: RestServices) -> Reply[InvitationView]:
    """Read whom an invitation is for; it stays valid."""
    request.take(services.rates.logins)
    found = await invitations.find(services.database, refresh_digest(request.body.token))
    return Reply(InvitationView(found.user.username, stamp(found.expires_at)))


async def accept(request: TypedRequest[InvitationAnswer, Nothing], services: RestServices) -> Reply[TokenPair]:
    """Set the password of the account that was invited, and log in. Every other login of the account ends."""
    body = request.body
    request.take(services.rates.logins)
    digest = refresh_digest(body.token)
    found = await invitations.find(services.database, digest)  # before the hash, which takes time
    weak = weaknesses("password", body.password, found.user.username)
    if weak:
        raise WeakPassword(errors=tuple(weak))
    hashed = await services.passwords.hash(body.password)
    user = await invitations.accept(services.database, digest, hashed)
    return Reply(await begin_login(services, user, body.password))


CALLS: tuple[RestCall, ...] = (
    call(
        "POST",
        "/auth/invitation",
        accept,
        body=InvitationAnswer,
        query=Nothing,
        answer=TokenPair,
        raises=(InvitationNotFound, WeakPassword, TooMany),
        public=True,
    ),
    call(
        "POST",
        "/auth/invitation/read",
        read,
        body=InvitationRead,
        query=Nothing,
        answer=InvitationView,
        raises=(InvitationNotFound, TooMany),
        public=True,
    ),
)
"""The calls of this file."""
