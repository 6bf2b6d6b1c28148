"""Logins at a real OpenID provider: whom its ID tokens name, which it must not, and how it can fail."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import jwt
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from nexus.access.oidc import provider as provider_module
from nexus.access.oidc.client import OidcClient
from nexus.access.oidc.failures import LoginFailed, Reason
from nexus.access.oidc.provider import Provider
from nexus.access.oidc.returning import HOME, Begun, Returning, new_browser
from tests.support import oidc_provider
from tests.support.oidc_provider import CLIENT_ID, CLIENT_SECRET, Key, openid_provider

pytestmark = pytest.mark.asyncio(loop_scope="module")

Site = oidc_provider.Provider
OTHER_KEY = Key("first")
"""A key that the provider does not publish, under the id of one that it does."""


@pytest.fixture(scope="module")
def serving() -> Iterator[Site]:
    with openid_provider() as site:
        yield site


@pytest.fixture
def site(serving: Site) -> Site:
    """The provider, behaving."""
    serving.reset()
    return serving


@pytest.fixture(scope="module")
def client(serving: Site) -> OidcClient:
    found = OidcClient(
        serving.issuer, CLIENT_ID, CLIENT_SECRET, "openid", "Example", "groups", 3600, "https://vote.example/nexus"
    )
    serving.redirect_uri = found.redirect_uri
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def known(client: OidcClient) -> AsyncIterator[Provider]:
    """The provider as a worker knows it for long."""
    async with opened(client) as provider:
        yield provider


@pytest_asyncio.fixture(loop_scope="module")
async def fresh(client: OidcClient, site: Site) -> AsyncIterator[Provider]:
    """The provider as a worker that has just started knows it: not at all."""
    async with opened(client) as provider:
        yield provider


@asynccontextmanager
async def opened(client: OidcClient, timeout_s: float = 0.5) -> AsyncIterator[Provider]:
    provider = Provider(client, timeout_s=timeout_s, exchange_s=timeout_s)
    try:
        yield provider
    finally:
        await provider.close()


def begun() -> Begun:
    return Returning(b"k" * 32).begin(new_browser(), HOME)


async def answer(provider: Provider, login: Begun, name: str = "ada", act: str = "log in") -> dict[str, str]:
    """Log in at the provider as a browser would: what its answer says."""
    async with httpx.AsyncClient() as browser:
        url = await provider.authorization_url(login)
        assert "Log in at the provider" in (await browser.get(url)).text
        sent = await browser.post(url, data={"name": name, "act": act})
    return dict(httpx.URL(sent.headers["location"]).params)


async def logged_in(provider: Provider, name: str = "ada") -> tuple[str, set[str]]:
    login = begun()
    told = await answer(provider, login, name)
    assert told["state"] == login.state
    await provider.check_issuer(told["iss"])
    found = await provider.identity(told["code"], login)
    return found.voter, set(found.roles)


async def failure(provider: Provider) -> tuple[Reason, str]:
    with pytest.raises(LoginFailed) as failed:
        await logged_in(provider)
    why = failed.value.why
    assert "\n" not in why and len(why) < 600 and CLIENT_SECRET not in why
    return failed.value.reason, why


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


async def test_a_client_without_a_secret_logs_in_too(client: OidcClient, site: Site) -> None:
    site.secret = ""
    async with opened(replace(client, secret="")) as public:
        assert await logged_in(public) == ("ext:ada", set())


async def test_a_secret_is_sent_as_the_provider_takes_it(fresh: Provider, site: Site) -> None:
    site.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    assert await logged_in(fresh) == ("ext:ada", set())


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
        {"exp": NOW - 30},
        {"iat": NOW + 30},
        {"aud": ["nexus"]},
        {"aud": ["other", "nexus"], "azp": "nexus"},
        {"at_hash": None},
    ],
)
async def test_what_a_good_provider_may_say_is_accepted(known: Provider, site: Site, claims: dict[str, object]) -> None:
    site.claims.update(claims)
    assert await logged_in(known) == ("ext:ada", set())


async def used(known: Provider, code: str, login: Begun) -> None:
    with pytest.raises(LoginFailed) as failed:
        await known.identity(code, login)
    assert failed.value.reason is Reason.USED


async def test_a_code_serves_once(known: Provider) -> None:
    login = begun()
    code = (await answer(known, login))["code"]
    assert (await known.identity(code, login)).voter == "ext:ada"
    await used(known, code, login)
    await used(known, "made-up", login)


async def test_a_code_serves_with_its_verifier_alone(known: Provider) -> None:
    login = begun()
    await used(known, (await answer(known, login))["code"], replace(login, verifier="x" * 43))


async def test_an_answer_of_another_issuer_is_refused(fresh: Provider, client: OidcClient, site: Site) -> None:
    for claimed in ("https://other.example", "", None):
        with pytest.raises(LoginFailed) as failed:
            await fresh.check_issuer(claimed)
        assert failed.value.reason is Reason.UNPROVED
    site.metadata["authorization_response_iss_parameter_supported"] = None
    plain = Provider(fresh._client)
    await plain.check_issuer(None)
    await plain.check_issuer(site.issuer)
    with pytest.raises(LoginFailed):
        await plain.check_issuer("https://other.example")
    await plain.close()


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/.well-known/openid-configuration", 500, Reason.UNREACHABLE),
        ("/.well-known/openid-configuration", 404, Reason.UNREACHABLE),
        ("/.well-known/openid-configuration", 200, Reason.SETUP),
        ("/token", 502, Reason.UNREACHABLE),
        ("/token", 200, Reason.SETUP),
        ("/keys", 503, Reason.UNREACHABLE),
        ("/keys", 200, Reason.UNREACHABLE),
    ],
)
async def test_a_provider_that_fails_is_told_from_one_that_does_not_fit(
    fresh: Provider, site: Site, path: str, status: int, reason: Reason
) -> None:
    site.status[path] = status
    assert (await failure(fresh))[0] is reason
    assert site.asked.count(path) <= 2


@pytest.mark.parametrize(
    ("answered", "reason"),
    [
        ({"id_token": None}, Reason.SETUP),
        ({"id_token": 7}, Reason.SETUP),
        ({"access_token": None}, Reason.SETUP),
        ({"error": "unauthorized_client"}, Reason.SETUP),
        ({"error": "temporarily_unavailable"}, Reason.UNREACHABLE),
        ({"padding": "x" * 300_000}, Reason.SETUP),
    ],
)
async def test_an_answer_without_tokens_is_refused(
    known: Provider, site: Site, answered: dict[str, object], reason: Reason
) -> None:
    site.answer.update(answered)
    assert (await failure(known))[0] is reason


async def test_a_wrong_secret_is_for_the_operator(client: OidcClient, site: Site) -> None:
    async with opened(replace(client, secret="another secret")) as wrong:
        assert (await failure(wrong))[0] is Reason.SETUP


async def test_a_configuration_of_another_issuer_is_for_the_operator(fresh: Provider, site: Site) -> None:
    site.metadata["issuer"] = "https://other.example"
    reason, why = await failure(fresh)
    assert reason is Reason.SETUP
    assert site.issuer in why


async def test_a_slow_provider_is_given_up(fresh: Provider, client: OidcClient, site: Site) -> None:
    login = begun()
    told = await answer(fresh, login)
    site.let_go.clear()
    began = time.monotonic()
    with pytest.raises(LoginFailed) as failed:
        await fresh.identity(told["code"], login)
    assert failed.value.reason is Reason.UNREACHABLE
    fresh = Provider(fresh._client, timeout_s=0.2)
    assert (await failure(fresh))[0] is Reason.UNREACHABLE
    assert time.monotonic() - began < 10
    await fresh.close()


async def test_a_provider_that_is_back_serves_again(client: OidcClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "CONFIGURATION_COOLDOWN_S", 0.0)
    with openid_provider() as gone:
        port = int(gone.issuer.rpartition(":")[2])
    async with opened(replace(client, issuer=gone.issuer)) as provider:
        assert (await failure(provider))[0] is Reason.UNREACHABLE
        with openid_provider(port) as back:
            back.redirect_uri = client.redirect_uri
            assert await logged_in(provider) == ("ext:ada", set())


async def test_a_key_that_is_new_is_found(fresh: Provider, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "KEYS_COOLDOWN_S", 0.0)
    assert await logged_in(fresh) == ("ext:ada", set())
    before = site.keys[:]
    site.keys[:] = [Key("next")]
    assert await logged_in(fresh) == ("ext:ada", set())
    site.keys[:] = before
