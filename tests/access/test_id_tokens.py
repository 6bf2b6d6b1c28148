"""ID tokens of a real OpenID provider: whom they name, and which prove nothing."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nexus.access.oidc.failures import Reason
from nexus.access.oidc.provider import Provider
from tests.support.oidc_client import Site, client, failure, known, logged_in, serving, site
from tests.support.oidc_provider import CLIENT_SECRET, Key

__all__ = ["client", "known", "serving", "site"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER_KEY = Key("first")
"""A key that the provider does not publish, under the id of one that it does."""


async def test_a_login_names_a_voter(known: Provider, site: Site) -> None:
    assert await logged_in(known) == ("ext:ada", set())
    site.claims["groups"] = ["host", "staff"]
    assert await logged_in(known, "grace") == ("ext:grace", {"host"})


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"groups": "host admin"}, {"host", "admin"}),
        ({"groups": ["admin", "screen", "guest", "user", 7]}, {"admin"}),
        ({"roles": ["admin"]}, set()),
        ({"groups": {"admin": True}}, set()),
        ({"groups": None}, set()),
        ({"groups": 1}, set()),
    ],
)
async def test_roles_come_from_the_configured_claim(
    known: Provider, site: Site, claims: dict[str, object], roles: set[str]
) -> None:
    site.claims.update(claims)
    assert await logged_in(known) == ("ext:ada", roles)


def confused(site: Site) -> Callable[[dict[str, object]], str]:
    """HS256 with the public key as its secret (RFC 8725, section 2.1)."""

    def sign(claims: dict[str, object]) -> str:
        public = site.keys[0].private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        parts = [
            jwt.utils.base64url_encode(json.dumps(one).encode()) for one in ({"alg": "HS256", "kid": "first"}, claims)
        ]
        text = b".".join(parts)
        return (text + b"." + jwt.utils.base64url_encode(hmac.digest(public, text, "sha256"))).decode()

    return sign


SIGNED: dict[str, Callable[[Site], Callable[[dict[str, object]], str]]] = {
    "alg none": lambda _: lambda claims: jwt.encode(claims, "", "none", {"kid": "first"}),
    "the public key as an HMAC secret": confused,
    "the client's secret": lambda _: lambda claims: jwt.encode(claims, CLIENT_SECRET, "HS256", {"kid": "first"}),
    "another key": lambda _: lambda claims: jwt.encode(claims, OTHER_KEY.private, "RS256", {"kid": "first"}),
    "an unknown key": lambda _: lambda claims: jwt.encode(claims, OTHER_KEY.private, "RS256", {"kid": "second"}),
    "another algorithm of the key": lambda site: (
        lambda claims: jwt.encode(claims, site.keys[0].private, "RS512", {"kid": "first"})
    ),
    "nothing": lambda _: lambda _: "a.b.c",
    "no text in ASCII": lambda _: lambda _: "é",
    "too much": lambda site: (
        lambda claims: jwt.encode({**claims, "padding": "x" * 9000}, site.keys[0].private, "RS256", {"kid": "first"})
    ),
}


@pytest.mark.parametrize("name", SIGNED)
async def test_an_id_token_with_another_signature_proves_nothing(known: Provider, site: Site, name: str) -> None:
    site.sign = SIGNED[name](site)
    assert (await failure(known))[0] is Reason.UNPROVED


NOW = time.time()
CLAIMS: dict[str, dict[str, object]] = {
    "another issuer": {"iss": "https://other.example"},
    "another audience": {"aud": "other"},
    "several audiences without azp": {"aud": ["nexus", "other"]},
    "azp of another client": {"azp": "other"},
    "another nonce": {"nonce": "x"},
    "no nonce": {"nonce": None},
    "a nonce that is no text": {"nonce": 7},
    "expired": {"exp": NOW - 120},
    "no expiry": {"exp": None},
    "expiry as text": {"exp": "tomorrow"},
    "issued in the future": {"iat": NOW + 600},
    "no time of issue": {"iat": None},
    "not valid yet": {"nbf": NOW + 600},
    "hash of another access token": {"at_hash": "x"},
    "no subject": {"sub": None},
    "a subject that is no text": {"sub": 7},
}


@pytest.mark.parametrize("name", CLAIMS)
async def test_an_id_token_with_other_claims_proves_nothing(known: Provider, site: Site, name: str) -> None:
    site.claims.update(CLAIMS[name])
    assert (await failure(known))[0] is Reason.UNPROVED


@pytest.mark.parametrize("subject", ["x" * 252, "", "a\nb", "a\0b", "\u202eada", " \t"])
async def test_a_subject_that_cannot_be_a_voter_is_refused(known: Provider, site: Site, subject: str) -> None:
    site.claims["sub"] = subject
    assert (await failure(known))[0] in (Reason.SUBJECT, Reason.UNPROVED)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": -30},
        {"iat": 30},
        {"aud": ["nexus"]},
        {"aud": ["other", "nexus"], "azp": "nexus"},
        {"at_hash": None},
    ],
)
async def test_what_a_good_provider_may_say_is_accepted(known: Provider, site: Site, claims: dict[str, object]) -> None:
    now = time.time()
    site.claims.update({name: now + at if isinstance(at, int) else at for name, at in claims.items()})
    assert await logged_in(known) == ("ext:ada", set())
