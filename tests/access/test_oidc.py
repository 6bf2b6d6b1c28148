"""The rules of a login with an OpenID provider that need no provider: states, and what a provider publishes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from nexus.access.oidc.client import OidcClient, is_safe
from nexus.access.oidc.discovery import configuration_url, parse_metadata
from nexus.access.oidc.failures import LoginFailed, Reason
from nexus.access.oidc.returning import HOME, WITHIN_S, Returning, known_browser, new_browser
from nexus.access.tokens import Tokens
from nexus.errors import Unauthenticated
from tests.support.clock import ManualClock

KEY = b"0123456789abcdef" * 4
ISSUER = "https://id.example"
BROWSER, OTHER = new_browser(), new_browser()
CLIENT = OidcClient(ISSUER, "nexus", "hunter2", "openid", "Example", "groups", 3600, "https://vote.example/nexus")


def test_addresses_lie_below_the_public_one() -> None:
    assert CLIENT.redirect_uri == "https://vote.example/nexus/auth/oidc/callback/"
    assert CLIENT.begin_url == "https://vote.example/nexus/auth/oidc/"
    assert "hunter2" not in repr(CLIENT)


@pytest.mark.parametrize(
    "url", ["https://id.example/x", "http://localhost:8080", "http://127.0.0.1/x", "http://[::1]:1/"]
)
def test_https_and_this_machine_are_safe(url: str) -> None:
    assert is_safe(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "https://",
        "ftp://id.example",
        "//x",
        "",
    ],
)
def test_nothing_else_is_safe(url: str) -> None:
    assert not is_safe(url)


# --- States


def test_a_browser_finds_its_login_again_on_any_worker() -> None:
    begun = Returning(KEY).begin(BROWSER, "/vote/K7M2QP")
    assert Returning(KEY).came_back(begun.state, BROWSER) == begun
    assert begun.to == "/vote/K7M2QP"
    assert len({begun.nonce, begun.verifier, begun.state, BROWSER}) == 4
    assert 43 <= len(begun.verifier) <= 128  # RFC 7636, section 4.1
    assert BROWSER not in begun.state


def test_two_logins_of_a_browser_share_nothing_that_is_sent() -> None:
    returning = Returning(KEY)
    first, second = (returning.begin(BROWSER, HOME) for _ in range(2))
    assert not {first.state, first.nonce, first.verifier} & {second.state, second.nonce, second.verifier}
    assert returning.came_back(first.state, BROWSER) == first


def lost(returning: Returning, state: str, browser: str) -> str:
    with pytest.raises(LoginFailed) as failed:
        returning.came_back(state, browser)
    assert failed.value.reason is Reason.LOST
    assert state not in failed.value.why or not state
    return failed.value.why


def test_a_login_of_another_browser_is_refused() -> None:
    returning = Returning(KEY)
    state = returning.begin(BROWSER, HOME).state
    assert "another browser" in lost(returning, state, OTHER)
    assert "no cookie" in lost(returning, state, "")


def test_a_login_that_took_too_long_is_refused() -> None:
    clock = ManualClock(1_800_000_000)
    returning = Returning(KEY, clock=clock)
    state = returning.begin(BROWSER, HOME).state
    clock.now += WITHIN_S - 1
    assert returning.came_back(state, BROWSER).to == HOME
    clock.now += 1
    assert "began more than" in lost(returning, state, BROWSER)


@pytest.mark.parametrize("state", ["", "x", "a.b.c", "é", "x" * 3000, "null", "eyJhbGciOiJub25lIn0.e30."])
def test_a_state_of_nobody_is_refused(state: str) -> None:
    lost(Returning(KEY), state, BROWSER)


def test_a_state_is_signed() -> None:
    returning = Returning(KEY)
    state = returning.begin(BROWSER, HOME).state
    lost(Returning(b"x" * 64), state, BROWSER)
    head, body, mac = state.split(".")
    lost(returning, f"{head}.{body[:-2]}AA.{mac}", BROWSER)


def test_a_state_is_no_token_and_a_token_no_state() -> None:
    returning, tokens = Returning(KEY), Tokens(KEY)
    lost(returning, tokens.access("user:1"), BROWSER)
    with pytest.raises(Unauthenticated):
        tokens.identity(returning.begin(BROWSER, HOME).state)


@pytest.mark.parametrize(
    "to",
    ["/host", "/host#/poll/7", "/host#/", "/vote/K7M2QP", "/vote/k7m-2qp", "/live/K7M2QP", "/live/K7M2QP?overlay=1"],
)
def test_a_login_leads_to_the_page_that_asked(to: str) -> None:
    assert Returning(KEY).begin(BROWSER, to).to == to


@pytest.mark.parametrize(
    "to",
    [
        *("", "//evil.example", "///evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example"),
        *("/host/../../x", "/vote/../x", "/vote/x?y=//evil.example", "/host#//evil.example?", "javascript:alert(1)"),
        *("/host\n", "/host\r\nSet-Cookie: x=y", " /host", "/vote/", "/auth/oidc/", "/vote/x/y", "/host#" + "/a" * 99),
        *("/host%0d%0a", "/vote/" + "x" * 200, "/vote/😀", "/vote/%2e%2e", "/live/x#token=y"),
    ],
)
def test_a_login_leads_nowhere_else(to: str) -> None:
    assert Returning(KEY).begin(BROWSER, to).to == HOME


@pytest.mark.parametrize(
    "cookie",
    ["", "x", BROWSER + "x", BROWSER[:-1] + "=", BROWSER[:-1] + "\n", "é" * 43],
    ids=["empty", "short", "long", "padded", "line break", "not ASCII"],  # BROWSER is another one in each process
)
def test_a_cookie_that_was_not_set_here_is_none(cookie: str) -> None:
    assert known_browser(cookie) == ""
    assert known_browser(BROWSER) == BROWSER


# --- What a provider publishes

PUBLISHED: dict[str, object] = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
    "response_types_supported": ["code", "id_token"],
    "more": {"than": ["is", "needed"]},
}


def published(**changes: object) -> bytes:
    return json.dumps({name: value for name, value in {**PUBLISHED, **changes}.items() if value is not None}).encode()


@pytest.mark.parametrize(
    ("issuer", "url"),
    [
        ("https://id.example", "https://id.example/.well-known/openid-configuration"),
        ("https://id.example/", "https://id.example/.well-known/openid-configuration"),
        ("https://id.example/realms/all", "https://id.example/realms/all/.well-known/openid-configuration"),
    ],
)
def test_the_configuration_lies_below_the_issuer(issuer: str, url: str) -> None:
    assert configuration_url(issuer) == url


@pytest.mark.parametrize(
    ("methods", "secret", "method"),
    [
        (None, "s", "client_secret_basic"),
        (["client_secret_post", "client_secret_basic"], "s", "client_secret_basic"),
        (["client_secret_post"], "s", "client_secret_post"),
        (["private_key_jwt"], "s", "client_secret_basic"),
        (["client_secret_basic"], "", "none"),
    ],
)
def test_a_client_proves_itself_as_the_provider_takes_it(methods: object, secret: str, method: str) -> None:
    found = parse_metadata(published(token_endpoint_auth_methods_supported=methods), ISSUER)
    assert found.auth_method(secret) == method


@pytest.mark.parametrize(
    "document",
    [
        *(b"", b"not JSON", b"[]", b"\xff", b"[" * 100_000, b"null"),
        published(issuer="https://other.example"),
        published(issuer=f"{ISSUER}/"),
        published(issuer=None),
        published(jwks_uri=None),
        published(token_endpoint="http://id.example/token"),
        published(jwks_uri="file:///keys"),
        published(authorization_endpoint="javascript:alert(1)"),
        published(authorization_endpoint=7),
        published(response_types_supported=["id_token"]),
        published(code_challenge_methods_supported=["plain"]),
        published(code_challenge_methods_supported="S256"),
    ],
)
def test_a_configuration_that_will_not_do_is_refused(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"^(?!.*Traceback).{5,400}$"):
        parse_metadata(document, ISSUER)


def test_another_name_for_the_same_issuer_is_another_issuer() -> None:
    other = replace(CLIENT, issuer=f"{ISSUER}/")
    with pytest.raises(ValueError, match="the issuer is"):
        parse_metadata(published(), other.issuer)
