"""Tokens of an external issuer (OIDC), checked with its published keys."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import jwt

from nexus.access.claims import TrustedIssuer, external_identity
from nexus.access.key_set import KeySet
from nexus.access.signed import EXPIRED, NOT_VALID, key_id, verified_claims
from nexus.domain.identity import Identity
from nexus.errors import Unauthenticated

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Those of an issuer's signatures: asymmetric ones alone (RFC 8725, section 3.1)."""


class ExternalIssuer:
    """Tokens of an external issuer (OIDC): subjects become `ext:<sub>`, roles come from the configured claim.

    The claim holds a list of strings or one string with spaces; of its roles `admin` and `host` count.
    """

    def __init__(
        self,
        issuer: TrustedIssuer,
        *,
        clock: Callable[[], float] = time.time,
        keys: KeySet[jwt.PyJWK] | None = None,
    ) -> None:
        """`clock` returns Unix seconds; `keys` replace those at the issuer's address."""
        self.issuer = issuer.issuer
        self._audience = issuer.audience
        self._roles_claim = issuer.roles_claim
        self._clock = clock
        self._keys = keys or KeySet(issuer.jwks_url, parse_keys)

    async def identity(self, token: str) -> Identity:
        """The identity that `token` proves. Raises Unauthenticated, or Unavailable where the issuer is out of reach."""
        key = await self._keys.find(key_id(token))
        if key is None:
            raise Unauthenticated(NOT_VALID)
        claims = verified_claims(token, key, ALGORITHMS, self.issuer, self._audience)
        now = self._clock()
        try:
            identity = external_identity(claims, self._roles_claim, now)
        except ValueError as error:
            raise Unauthenticated(NOT_VALID) from error
        if identity.expires_at <= now:
            raise Unauthenticated(EXPIRED)
        return identity


def parse_keys(document: bytes) -> dict[str, jwt.PyJWK]:
    """The public signing keys of a JWK set by id ("" for a key without one). Raises ValueError if there are none."""
    try:
        keys = jwt.PyJWKSet.from_dict(dict(json.loads(document))).keys
    except (jwt.PyJWTError, TypeError, RecursionError) as error:
        raise ValueError("not a set of usable keys") from error
    fit = {
        key.key_id if isinstance(key.key_id, str) else "": key
        for key in keys
        if key.algorithm_name in ALGORITHMS and key.public_key_use in (None, "sig")
    }
    if not fit:
        raise ValueError("no public signing key in the set")
    return fit
