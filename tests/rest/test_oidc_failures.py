"""Login with an OpenID provider that leads to no login: each way ends on a page with a sentence and ways on."""

from __future__ import annotations

import logging
import re
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import pytest

from nexus.runtime import log_throttle
from tests.support.oidc_provider import RealProvider, openid_provider
from tests.support.oidc_site import PUBLIC, Browser, OidcSite, code_in, oidc_site, why
from tests.support.oidc_visits import browser, provider, serving, shared, site

__all__ = ["browser", "provider", "serving", "shared", "site"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLBACK = f"{PUBLIC}/auth/oidc/callback/"


@pytest.fixture(autouse=True)
def every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each failure is logged: the tests share a server, which logs one of a kind a minute."""
    monkeypatch.setattr(log_throttle, "EVERY_S", 0.0)


async def failing(browser: Browser, address: str, status: int) -> str:
    answer = await browser.get(address)
    assert answer.status_code == status, answer.text
    assert "set-cookie" not in answer.headers
    return why(answer)


LOST = (
    "This login was started in another browser, or more than 10 minutes ago. Start again, and allow cookies for this "
    "page."
)
USED = "This login has already been used, or it has expired. Log in again."
SETUP = "Logging in with Example University is not set up correctly. Please tell the operator of this service."
AWAY = "Example University can’t be reached right now. Try again in a moment."
DENIED = "You cancelled the login, or Example University did not allow it."
UNPROVED = (
    "The answer from Example University could not be verified. Try again. If it happens again, tell the operator of "
    "this service."
)


async def test_a_cancelled_login_says_so_and_leads_on(browser: Browser) -> None:
    form = await browser.to_provider("/vote/K7M2QP")
    answer = await browser.get(await browser.from_provider(form, act="cancel"))
    assert (answer.status_code, why(answer)) == (403, DENIED)
    assert f'href="{PUBLIC}/auth/oidc/?to=%2Fvote%2FK7M2QP"' in answer.text
    assert f'href="{PUBLIC}/vote/K7M2QP"' in answer.text


async def test_a_page_of_a_failure_finds_its_style_sheet(browser: Browser) -> None:
    for address in (f"{PUBLIC}/auth/oidc/callback/", f"{PUBLIC}/auth/oidc/callback"):
        answer = await browser.get(address)
        (sheet,) = re.findall(r'rel="stylesheet" href="([^"]+)"', answer.text)
        assert (await browser.get(urljoin(address, sheet))).headers["content-type"].startswith("text/css")


async def test_the_back_button_does_not_log_in_twice(browser: Browser) -> None:
    back = await browser.from_provider(await browser.to_provider())
    code = code_in((await browser.get(back)).headers["location"])
    assert await failing(browser, back, 400) == USED
    assert (await browser.redeem(code)).status_code == 200  # the login itself is unharmed


async def test_nobody_is_logged_in_as_somebody_else(browser: Browser, site: OidcSite) -> None:
    async with site.browser() as eve:
        back = await eve.from_provider(await eve.to_provider(), "eve")
    assert await failing(browser, back, 400) == LOST  # without a cookie
    await browser.to_provider()
    assert await failing(browser, back, 400) == LOST  # with another one


def changed(back: str, **changes: str | None) -> str:
    told = {name: value for name, (value,) in parse_qs(urlsplit(back).query).items()}
    query = {name: value for name, value in {**told, **changes}.items() if value is not None}
    return f"{CALLBACK}?{urlencode(query)}"


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"state": None}, 400, LOST),
        ({"state": "x"}, 400, LOST),
        ({"state": "x" * 5000}, 400, LOST),
        ({"iss": "https://other.example"}, 400, UNPROVED),
        ({"iss": None}, 400, UNPROVED),
        ({"code": None}, 502, SETUP),
        ({"code": "x"}, 400, USED),
        ({"error": "invalid_scope"}, 502, SETUP),
        ({"error": "server_error"}, 503, AWAY),
        ({"error": "login_required"}, 403, DENIED),
        ({"error": "<script>alert(1)</script>", "error_description": "\r\nInjected: yes"}, 502, SETUP),
    ],
)
async def test_a_wrong_answer_ends_on_a_page(
    browser: Browser, changes: dict[str, str | None], status: int, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    back = await browser.from_provider(await browser.to_provider())
    with caplog.at_level(logging.INFO, "nexus.http.pages.oidc"):
        assert await failing(browser, changed(back, **changes), status) == sentence
    (line,) = [one for one in caplog.records if one.name == "nexus.http.pages.oidc"]
    assert "\n" not in line.getMessage() and line.getMessage().startswith("login with the OpenID provider failed, ")


async def test_a_parameter_that_comes_twice_is_refused(browser: Browser) -> None:
    back = await browser.from_provider(await browser.to_provider())
    assert await failing(browser, f"{back}&code=x", 400) == LOST


@pytest.mark.parametrize(
    ("claims", "status", "sentence"),
    [
        ({"nonce": "x"}, 400, UNPROVED),
        ({"aud": "other"}, 400, UNPROVED),
        ({"exp": 1}, 400, UNPROVED),
        (
            {"sub": "x" * 300},
            403,
            "Your account at Example University can’t be used here. Please tell the operator of this service.",
        ),
    ],
)
async def test_a_wrong_id_token_ends_on_a_page(
    browser: Browser, site: OidcSite, claims: dict[str, object], status: int, sentence: str
) -> None:
    site.provider.claims.update(claims)
    assert await failing(browser, await browser.from_provider(await browser.to_provider()), status) == sentence


async def test_a_provider_that_is_down_stops_neither_the_start_nor_the_other_logins(
    provider: RealProvider, module_database_url: str
) -> None:
    with openid_provider() as gone:
        pass
    async with oidc_site(gone, module_database_url) as site, site.browser() as browser:
        assert await failing(browser, "/auth/oidc/", 503) == AWAY
        answer = await browser.call("POST", "/auth/register/", json={"username": "ann", "password": "a horse of mine"})
        assert answer.status_code == 201


async def test_a_provider_that_does_not_fit_is_for_the_operator(
    provider: RealProvider, module_database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    provider.metadata["issuer"] = "https://other.example"
    async with oidc_site(provider, module_database_url) as site, site.browser() as browser:
        with caplog.at_level(logging.WARNING, "nexus"):
            assert await failing(browser, "/auth/oidc/", 502) == SETUP
    assert "https://other.example" in caplog.text


async def test_a_hall_behind_one_address_logs_in_and_a_flood_of_failures_does_not_reach_the_provider(
    provider: RealProvider, module_database_url: str
) -> None:
    async with oidc_site(provider, module_database_url, NEXUS_LOGINS_PER_MINUTE="3") as site, site.browser() as browser:
        backs = [await browser.from_provider(await browser.to_provider()) for _ in range(3)]
        for back in backs:  # though nobody else may begin now
            assert (await browser.redeem(code_in((await browser.get(back)).headers["location"]))).status_code == 200
        asked = provider.asked.count("/token")
        statuses = [(await browser.get(changed(backs[0], code="x"))).status_code for _ in range(6)]
        assert statuses == [400] * 3 + [429] * 3
        assert provider.asked.count("/token") == asked + 3


async def test_a_flood_of_failures_is_a_line_of_each_kind(
    site: OidcSite, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(log_throttle, "EVERY_S", 3600.0)
    async with site.browser() as browser:
        with caplog.at_level(logging.INFO, "nexus.http.pages.oidc"):
            for _ in range(20):
                assert await failing(browser, f"{CALLBACK}?state=x", 400) == LOST
    assert len([one for one in caplog.records if one.name == "nexus.http.pages.oidc"]) <= 1


async def test_logins_are_limited_by_address(provider: RealProvider, module_database_url: str) -> None:
    async with oidc_site(provider, module_database_url, NEXUS_LOGINS_PER_MINUTE="2") as site, site.browser() as browser:
        assert [(await browser.get("/auth/oidc/")).status_code for _ in range(2)] == [302, 302]
        answer = await browser.get("/auth/oidc/")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        assert "Too many people" in why(answer)


async def test_pages_speak_the_readers_language(site: OidcSite) -> None:
    async with site.browser("de-AT,de;q=0.9") as browser:
        form = await browser.to_provider()
        answer = await browser.get(await browser.from_provider(form, act="cancel"))
    assert 'lang="de"' in answer.text
    assert why(answer) == "Sie haben die Anmeldung abgebrochen, oder Example University hat sie nicht zugelassen."
