"""JWT in and out (RFC 7519, contract section 2): our own, an external issuer's, and what refreshes them.

The only user of `jwt`. Algorithms are pinned by who signed (RFC 8725, section 3.1): HS256 with our key alone,
asymmetric ones with an external issuer's, so that no key can ever be taken for one of the other kind.
"""

from __future__ import annotations

import hashlib
import json
import math
import secrets
import time
from base64 import urlsafe_b64decode
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

import jwt
import msgspec

from nexus.claims import external_identity, own_identity
from nexus.errors import Unauthenticated
from nexus.issuer import KeySet
from nexus.model import Identity
from nexus.settings import OWN_ISSUER, SHORTEST_KEY, Issuer, SettingsError

LONGEST_TOKEN = 8 * 1024
"""The most characters of a token, checked before anything is parsed: as much as most proxies let pass."""

_EXPIRED = "The token has expired."
_NOT_VALID = "The token is not valid."

_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
# How many proved tokens are remembered: a hall's worth, a few megabytes.
_KEPT = 10_000


class _Peek(msgspec.Struct):
    iss: str = ""


class Tokens:
    """Our own access tokens: HS256 under one key, issuer and audience `nexus`.

    A token that has proved good is remembered, as HTTP brings the same one with each request: the signature
    is checked once, the expiry every time.
    """

    def __init__(self, key: bytes, *, access_ttl_s: int = 900, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives Unix seconds. Raises SettingsError for a key that HMAC should not be given."""
        self._key = key
        self._ttl_s = access_ttl_s
        self._clock = clock
        self._known: OrderedDict[str, Identity] = OrderedDict()
        try:
            usable = len(key) >= SHORTEST_KEY and bool(self.access("user:1"))
        except jwt.InvalidKeyError as error:
            raise SettingsError("NEXUS_SECRET_KEY must be random, and no key of another kind.") from error
        if not usable:
            raise SettingsError(f"NEXUS_SECRET_KEY must have at least {SHORTEST_KEY} bytes.")

    def access(
        self,
        subject: str,
        roles: Iterable[str] = (),
        ttl_s: int | None = None,
        polls: Iterable[int] | None = None,
        session: str = "",
    ) -> str:
        """A new access token for `subject` (`user:<id>`, `guest:<uuid>` or `ext:<name>`).

        It lasts `ttl_s` seconds, else as long as access tokens do; `polls` are the only ones it may know of; `session`
        is the login it descends from, as the claim `sid`. Raises ValueError, in words for people, for what `identity`
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
        if session:
            claims["sid"] = session
        own_identity(claims, now)
        return jwt.encode(claims, self._key, algorithm="HS256")

    def identity(self, token: str) -> Identity:
        """Whom `token` proves; raises Unauthenticated where it has expired or was not made here."""
        known = self._known.get(token)
        identity = known or self._proved(token)
        if identity.expires_at <= self._clock():
            raise Unauthenticated(_EXPIRED)
        if known is None:
            self._known[token] = identity
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return identity

    def guest_identity_lately(self, token: str, grace_s: float = 7 * 86400) -> Identity | None:
        """The guest that `token` proves, or proved until at most `grace_s` ago; None for any other token.

        A guest has no password to come back with: the old token is what tells that it is the same voter.
        """
        try:
            identity = self._proved(token)
        except Unauthenticated:
            return None
        return identity if identity.is_guest and self._clock() < identity.expires_at + grace_s else None

    def _proved(self, token: str) -> Identity:
        claims = _verified(token, self._key, ("HS256",), OWN_ISSUER, OWN_ISSUER, require=("iat", "jti"))
        try:
            return own_identity(claims, self._clock())
        except ValueError as error:
            raise Unauthenticated(_NOT_VALID) from error


class ExternalIssuer:
    """Tokens of an external issuer (OIDC): subjects become `ext:<sub>`, roles come from the configured claim.

    The claim holds a list of strings or one string with spaces; of its roles `admin` and `host` count.
    """

    def __init__(
        self,
        issuer: Issuer,
        *,
        clock: Callable[[], float] = time.time,
        keys: KeySet[jwt.PyJWK] | None = None,
    ) -> None:
        """`clock` gives Unix seconds; `keys` stand in for those at the issuer's address."""
        self.issuer = issuer.issuer
        self._audience = issuer.audience
        self._roles_claim = issuer.roles_claim
        self._clock = clock
        self._keys = keys or KeySet(issuer.jwks_url, parse_keys)

    async def identity(self, token: str) -> Identity:
        """Whom `token` proves; raises Unauthenticated, or Unavailable where the issuer is out of reach."""
        key = await self._keys.find(_key_id(token))
        if key is None:
            raise Unauthenticated(_NOT_VALID)
        claims = _verified(token, key, _ALGORITHMS, self.issuer, self._audience)
        now = self._clock()
        try:
            identity = external_identity(claims, self._roles_claim, now)
        except ValueError as error:
            raise Unauthenticated(_NOT_VALID) from error
        if identity.expires_at <= now:
            raise Unauthenticated(_EXPIRED)
        return identity


class Identifier:
    """Who a bearer of a token is, whoever made the token.

    The issuer a token claims only chooses who checks it; each checker then demands its own issuer and key.
    """

    def __init__(self, tokens: Tokens, external: ExternalIssuer | None = None) -> None:
        self._tokens = tokens
        self._external = external

    def identify_now(self, token: str) -> Identity | None:
        """As `identify`, without waiting; None where only `identify` can tell, for an external token."""
        return None if self._external_for(token) else self._tokens.identity(token)

    async def identify(self, token: str) -> Identity:
        """Whom `token` proves; raises Unauthenticated, or Unavailable where its issuer is out of reach."""
        external = self._external_for(token)
        return await external.identity(token) if external else self._tokens.identity(token)

    def _external_for(self, token: str) -> ExternalIssuer | None:
        if self._external is None or _claimed_issuer(token) != self._external.issuer:
            return None
        return self._external


def new_refresh() -> tuple[str, bytes]:
    """A new refresh token, 256 random bits, and the digest that is kept in its place."""
    token = secrets.token_urlsafe(32)
    return token, refresh_digest(token)


def refresh_digest(token: str) -> bytes:
    """SHA-256 of a refresh token; it needs neither salt nor stretching, having 256 bits of its own."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def parse_keys(document: bytes) -> dict[str, jwt.PyJWK]:
    """The public signing keys of a JWK set by id, "" for one without; raises ValueError if there are none."""
    try:
        keys = jwt.PyJWKSet.from_dict(dict(json.loads(document))).keys
    except (jwt.PyJWTError, TypeError, RecursionError) as error:
        raise ValueError("not a set of usable keys") from error
    fit = {
        key.key_id if isinstance(key.key_id, str) else "": key
        for key in keys
        if key.algorithm_name in _ALGORITHMS and key.public_key_use in (None, "sig")
    }
    if not fit:
        raise ValueError("no public signing key in the set")
    return fit


def _verified(
    token: str,
    key: bytes | jwt.PyJWK,
    algorithms: Sequence[str],
    issuer: str,
    audience: str,
    require: Sequence[str] = (),
) -> dict[str, object]:
    _check_size(token)
    try:
        # Times are checked by our own clock, not by the library's.
        return jwt.decode(
            token,
            key,
            algorithms=algorithms,
            issuer=issuer,
            audience=audience,
            options={
                "require": ["exp", "iss", "aud", "sub", *require],
                "enforce_minimum_key_length": True,
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError as error:
        raise Unauthenticated(_NOT_VALID) from error


def _check_size(token: str) -> None:
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise Unauthenticated(_NOT_VALID)


def _key_id(token: str) -> str | None:
    _check_size(token)
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise Unauthenticated(_NOT_VALID) from error
    return kid if isinstance(kid, str) else None


def _claimed_issuer(token: str) -> str:
    _check_size(token)
    try:
        body = token.split(".")[1]
        return msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=_Peek).iss
    except (IndexError, ValueError, msgspec.MsgspecError):
        return ""
