"""What a login answers, however it began: an access token and a refresh token."""

from __future__ import annotations

import msgspec

from nexus.domain.views import Number
from nexus.http.dependencies import RestServices
from nexus.store.sessions import Login


class TokenPair(msgspec.Struct, frozen=True):
    """An access token, and the refresh token that buys the next pair; the access token lasts `expires_in` seconds."""

    access: str
    refresh: str
    token_type: str
    expires_in: Number


def token_pair(services: RestServices, login: Login, refresh: str) -> TokenPair:
    """A new access token of `login` beside its refresh token; it does not outlast the login."""
    ttl_s = services.lifetimes.access_s
    if login.left_s is not None:
        ttl_s = max(1, min(ttl_s, int(login.left_s)))
    access = services.tokens.access(login.subject, login.roles, ttl_s, login=login.id)
    return TokenPair(access, refresh, "Bearer", ttl_s)
