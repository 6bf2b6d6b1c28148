"""Signed tokens (RFC 7519): the claims of a token that a key proves, or a refusal.

Algorithms are pinned to the signer (RFC 8725, section 3.1): HS256 with our key alone, asymmetric ones with an external
issuer's, so that a key can never be mistaken for one of the other kind.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Sequence

import jwt
import msgspec

from nexus.errors import Unauthenticated

LONGEST_TOKEN = 8 * 1024
"""The most characters of a token, checked before anything is parsed: as many as most proxies let through."""

EXPIRED = "The token has expired."
NOT_VALID = "The token is not valid."


class _Peek(msgspec.Struct):
    iss: str = ""


def verified_claims(
    token: str,
    key: bytes | jwt.PyJWK,
    algorithms: Sequence[str],
    issuer: str,
    audience: str,
    require: Sequence[str] = (),
) -> dict[str, object]:
    """The claims of `token`, signed with `key` by `issuer` for `audience`. They include `exp`, `iss`, `aud`, `sub` and
    those in `require`; times are not checked. Raises Unauthenticated."""
    _check_size(token)
    try:
        # Times are checked with our own clock, not the library's.
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
        raise Unauthenticated(NOT_VALID) from error


def _check_size(token: str) -> None:
    if len(token) > LONGEST_TOKEN or not token.isascii():
        raise Unauthenticated(NOT_VALID)


def key_id(token: str) -> str | None:
    """The id of the key that a token names, None if it names none. Raises Unauthenticated."""
    _check_size(token)
    try:
        kid = jwt.get_unverified_header(token).get("kid")
    except jwt.PyJWTError as error:
        raise Unauthenticated(NOT_VALID) from error
    return kid if isinstance(kid, str) else None


def claimed_issuer(token: str) -> str:
    """The issuer that a token claims, unproved; "" if it names none. Raises Unauthenticated for an oversized token."""
    _check_size(token)
    try:
        body = token.split(".")[1]
        return msgspec.json.decode(urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=_Peek).iss
    except (IndexError, ValueError, msgspec.MsgspecError):
        return ""
