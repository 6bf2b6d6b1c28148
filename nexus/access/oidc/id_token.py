"""Whom an OpenID provider names in an ID token, and with which roles (OpenID Connect Core 1.0, section 3.1.3.7)."""

from __future__ import annotations

from dataclasses import dataclass

import jwt
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from nexus.access.claims import external_identity
from nexus.access.external_issuer import ALGORITHMS
from nexus.access.oidc.client import OidcClient
from nexus.access.oidc.failures import LoginFailed, Reason
from nexus.access.signed import verified_claims
from nexus.domain.identity import Identity
from nexus.errors import Unauthenticated

SKEW_S = 60
"""How far apart the provider's clock and ours may be."""


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    """What the token endpoint answered."""

    id_token: str
    access_token: str


def named_in(answer: TokenAnswer, key: jwt.PyJWK, client: OidcClient, nonce: str, now: float) -> Identity:
    """Who has logged in, as `ext:<sub>`, at `now`, Unix seconds. Raises LoginFailed.

    The signature, issuer and audience are those of a bearer token of this issuer; on top come the rules of a login.
    """
    try:
        claims = verified_claims(
            answer.id_token, key, ALGORITHMS, client.issuer, client.client_id, require=("iat", "nonce")
        )
        proof = CodeIDToken(
            claims,
            {"alg": jwt.get_unverified_header(answer.id_token)["alg"]},
            params={"nonce": nonce, "client_id": client.client_id, "access_token": answer.access_token},
        )
        proof.validate(int(now), SKEW_S)
    except Unauthenticated as error:
        raise LoginFailed(Reason.UNPROVED, f"the ID token is not valid: {error.__cause__ or error}") from error
    except (JoseError, ValueError, TypeError) as error:
        raise LoginFailed(Reason.UNPROVED, f"the ID token is not valid: {error}") from error
    try:
        return external_identity(claims, client.roles_claim, now)
    except ValueError as error:
        raise LoginFailed(Reason.SUBJECT, f"the ID token names no voter: {error}") from error
