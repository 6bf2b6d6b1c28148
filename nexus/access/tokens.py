"""Our own access tokens, made and proved (RFC 7519; docs/contract.md, "Tokens")."""

from __future__ import annotations

import math
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import sha256

import jwt

from nexus.access.claims import OWN_ISSUER, own_identity
from nexus.access.secret import SHORTEST_KEY
from nexus.access.signed import EXPIRED, NOT_VALID, verified_claims
from nexus.domain.identity import Identity
from nexus.errors import SettingsError, Unauthenticated

# How many valid tokens are remembered, by their digest: a hall's worth, two megabytes.
_KEPT = 10_000


class Tokens:
    """Our own access tokens: HS256 under one key, issuer and audience `nexus`.

    A token found valid is remembered, since HTTP sends the same one with each request: its signature is checked once,
    its expiry every time.
    """

    def __init__(self, key: bytes, *, access_ttl_s: int = 900, clock: Callable[[], float] = time.time) -> None:
        """`clock` returns Unix seconds. Raises SettingsError for a key that HMAC should not be given."""
        self._key = key
        self._ttl_s = access_ttl_s
        self._clock = clock
        self._known: OrderedDict[bytes, Identity] = OrderedDict()
        try:
            usable = len(key) >= SHORTEST_KEY and bool(self.access("user:1"))
        except jwt.InvalidKeyError as error:
            raise SettingsError("NEXUS_SECRET_KEY must be random bytes, not a key of another kind.") from error
        if not usable:
            raise SettingsError(f"NEXUS_SECRET_KEY must have at least {SHORTEST_KEY} bytes.")

    def access(
        self,
        subject: str,
        roles: Iterable[str] = (),
        ttl_s: int | None = None,
        polls: Iterable[int] | None = None,
        login: str = "",
        event: int | None = None,
        *,
        delegated: bool = False,
    ) -> str:
        """A new access token for `subject` (`user:<id>`, `guest:<uuid>` or `ext:<name>`).

        It lasts `ttl_s` seconds, else as long as access tokens do; `polls` are the only ones it may know of, or those
        of `event`, as the claim `events`; `login` is the login it descends from, as the claim `sid`; `delegated` says
        that a screen ends with the rights of `subject`. Raises ValueError, in words for people, for what `identity`
        would not accept.
        """
        now = self._clock()
        ttl_s = self._ttl_s if ttl_s is None else ttl_s
        if ttl_s < 1:
            raise ValueError("A token must last at least a second.")
        claims: dict[str, object] = {
            "iss": OWN_ISSUER,
            "aud": OWN_ISSUER,
            "sub": subject,
            "roles": sorted(set(roles)),
            "iat": int(now),
            "exp": math.ceil(now) + ttl_s,
            "jti": secrets.token_urlsafe(12),
        }
        if polls is not None:
            claims["polls"] = sorted(set(polls))
        if event is not None:
            claims["events"] = [event]
        if login:
            claims["sid"] = login
        if delegated:
            claims["delegated"] = True
        own_identity(claims, now)
        return jwt.encode(claims, self._key, algorithm="HS256")

    def identity(self, token: str) -> Identity:
        """The identity that `token` proves. Raises Unauthenticated where it has expired or was not made here."""
        digest = sha256(token.encode(errors="surrogatepass")).digest()
        known = self._known.get(digest)
        identity = known or self._proved(token)
        if identity.expires_at <= self._clock():
            raise Unauthenticated(EXPIRED)
        if known is None:
            self._known[digest] = identity
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return identity

    def earlier_guest(self, token: str) -> Identity | None:
        """The guest that `token` proves, or proved until it expired, however long ago; None for any other token.

        A guest has no password to come back with: only the old token shows that it is the same voter.
        """
        try:
            identity = self._proved(token)
        except Unauthenticated:
            return None
        return identity if identity.is_guest and not identity.is_screen else None

    def _proved(self, token: str) -> Identity:
        claims = verified_claims(token, self._key, ("HS256",), OWN_ISSUER, OWN_ISSUER, require=("iat", "jti"))
        try:
            return own_identity(claims, self._clock())
        except ValueError as error:
            raise Unauthenticated(NOT_VALID) from error
