"""Login with an OpenID provider: the way through the browser, the code that it ends with, and how long it lasts."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from nexus.app import Worker, application
from nexus.http.framework.browser_cookie import BrowserCookie
from nexus.settings import Settings
from tests.support.ballots import rows
from tests.support.oidc_provider import RealProvider
from tests.support.oidc_site import KEY, PUBLIC, Browser, OidcSite, code_in, oidc_site
from tests.support.oidc_visits import browser, provider, serving, shared, site
from tests.support.values import Json

__all__ = ["browser", "provider", "serving", "shared", "site"]

pytestmark = pytest.mark.asyncio(loop_scope="module")

CALLBACK = f"{PUBLIC}/auth/oidc/callback/"


async def pair_of(browser: Browser, name: str = "ada") -> Json:
    answer = await browser.redeem(await browser.log_in(name))
    assert answer.status_code == 200, answer.text
    pair: Json = answer.json()
    return pair


async def refreshed(browser: Browser, refresh: str) -> httpx.Response:
    return await browser.call("POST", "/auth/token/refresh/", json={"refresh": refresh})


# --- The way that leads to a login


async def test_a_host_logs_in_makes_a_poll_renews_the_login_and_ends_it(browser: Browser, site: OidcSite) -> None:
    site.provider.claims["groups"] = ["host", "staff"]
    pair = await pair_of(browser)
    assert pair.keys() == {"access", "refresh", "token_type", "expires_in"}
    me = await browser.call("GET", "/auth/me/", pair["access"])
    assert me.json() == {"sub": "ext:ada", "username": None, "roles": ["host"]}
    poll = {"question": "Tea?", "options": [{"option_text": "Yes"}, {"option_text": "No"}]}
    made = await browser.call("POST", "/polls/", pair["access"], poll)
    assert (made.status_code, made.json()["created_by"]) == (201, "ext:ada")
    screen = await browser.call("POST", f"/polls/{made.json()['id']}/screen/", pair["access"])
    assert screen.status_code == 201
    newer = (await refreshed(browser, pair["refresh"])).json()
    assert (await browser.call("GET", "/auth/me/", newer["access"])).json() == me.json()
    done = await browser.call("POST", "/auth/logout/", newer["access"], {"refresh": newer["refresh"]})
    assert done.status_code == 204
    await site.worker.gate.refresh()
    for token in (pair["access"], newer["access"]):
        assert (await browser.call("GET", "/auth/me/", token)).status_code == 401
    assert (await refreshed(browser, newer["refresh"])).status_code == 401


async def test_what_goes_to_the_provider_and_what_stays(browser: Browser, site: OidcSite) -> None:
    begun = await browser.get("/auth/oidc/")
    asked = {name: value for name, (value,) in parse_qs(urlsplit(begun.headers["location"]).query).items()}
    assert asked.keys() == {
        *("response_type", "client_id", "redirect_uri", "scope", "state", "nonce"),
        *("code_challenge", "code_challenge_method"),
    }
    assert (asked["response_type"], asked["code_challenge_method"], asked["scope"]) == ("code", "S256", "openid")
    assert asked["redirect_uri"] == CALLBACK
    (cookie,) = begun.headers.get_list("set-cookie")
    value = cookie.partition(";")[0].partition("=")[2]
    attributes = "HttpOnly; Max-Age=900; Path=/; SameSite=lax; Secure"
    assert cookie == f"__Host-nexus-login={value}; {attributes}"
    assert value not in begun.headers["location"]
    assert begun.headers["referrer-policy"] == "no-referrer" and begun.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("public", "name", "rest"),
    [
        ("https://vote.example", "__Host-nexus-login", "Path=/; SameSite=lax; Secure"),
        ("https://vote.example/nexus", "__Host-nexus-login", "Path=/; SameSite=lax; Secure"),
        ("http://localhost:8000", "nexus-login", "Path=/auth/oidc; SameSite=lax"),
        ("http://127.0.0.1:8000/nexus", "nexus-login", "Path=/nexus/auth/oidc; SameSite=lax"),
    ],
)
async def test_the_cookie_is_as_narrow_as_its_address_allows(public: str, name: str, rest: str) -> None:
    response, cookie = Response(), BrowserCookie(public)
    cookie.put(response, "x")
    assert response.headers["set-cookie"] == f"{name}=x; HttpOnly; Max-Age=900; {rest}"
    asked = Request({"type": "http", "headers": [(b"cookie", f"a=b; {name}=x".encode())]})
    assert cookie.read(asked) == "x"


async def test_an_address_never_holds_a_token(
    browser: Browser, site: OidcSite, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "nexus"):
        back = await browser.from_provider(await browser.to_provider())
        landed = await browser.get(back)
        code = code_in(landed.headers["location"])
        pair = (await browser.redeem(code)).json()
    told = parse_qs(urlsplit(back).query)
    assert landed.headers["location"] == f"{PUBLIC}/host#login={code}"
    secrets = (code, pair["access"], pair["refresh"], told["code"][0], told["state"][0], *browser.http.cookies.values())
    assert caplog.text and not any(secret in caplog.text for secret in secrets)


@pytest.mark.parametrize(
    ("to", "lands"),
    [
        ("/host", "/host#login={}"),
        ("/host#/poll/7", "/host#login={}&to=/poll/7"),
        ("/vote/K7M2QP", "/vote/K7M2QP#login={}"),
        ("/live/K7M2QP?overlay=1", "/live/K7M2QP?overlay=1#login={}"),
        ("//evil.example/host", "/host#login={}"),
    ],
)
async def test_a_login_leads_back_to_the_page_that_asked(browser: Browser, to: str, lands: str) -> None:
    back = await browser.from_provider(
        await browser.to_provider(httpx.QueryParams({"to": to})["to"].replace("#", "%23"))
    )
    landed = (await browser.get(back)).headers["location"]
    code = parse_qs(urlsplit(landed).fragment)["login"][0]
    assert landed == PUBLIC + lands.format(code)


async def test_without_a_role_one_may_vote_and_not_host(browser: Browser, site: OidcSite) -> None:
    site.provider.claims["groups"] = ["students"]
    voter = await pair_of(browser)
    poll = {"question": "Tea?", "options": [{"option_text": "Yes"}, {"option_text": "No"}]}
    assert (await browser.call("POST", "/polls/", voter["access"], poll)).status_code == 403
    site.provider.claims["groups"] = ["admin"]
    async with site.browser() as other:
        admin = await pair_of(other, "root")
        made = (await other.call("POST", "/polls/", admin["access"], {**poll, "allow_guests": False})).json()
    ballot = {"option": made["options"][0]["id"]}
    assert (await browser.call("POST", f"/polls/{made['id']}/vote/", voter["access"], ballot)).status_code == 201


async def test_two_tabs_log_in_at_once(browser: Browser) -> None:
    first, second = await browser.to_provider(), await browser.to_provider("/vote/K7M2QP")
    landed = [
        (await browser.get(await browser.from_provider(form, name))).headers["location"]
        for form, name in ((second, "grace"), (first, "ada"))
    ]
    subjects = []
    for address in landed:
        pair = (await browser.redeem(code_in(address))).json()
        subjects.append((await browser.call("GET", "/auth/me/", pair["access"])).json()["sub"])
    assert subjects == ["ext:grace", "ext:ada"]


async def test_any_worker_goes_on_with_a_login(
    site: OidcSite, provider: RealProvider, module_database_url: str
) -> None:
    async with oidc_site(provider, module_database_url) as other, site.browser() as here:
        back = await here.from_provider(await here.to_provider())
        async with other.browser(cookies=here.http.cookies) as there:
            code = code_in((await there.get(back)).headers["location"])
        assert (await here.redeem(code)).status_code == 200


async def test_pages_show_the_button_only_where_there_is_a_provider(browser: Browser, module_database_url: str) -> None:
    for path in ("/host", "/vote/K7M2QP", "/live/K7M2QP"):
        page = (await browser.get(path)).text
        assert f'{{"name":"Example University","begin":"{PUBLIC}/auth/oidc/"}}' in page
        assert "Log in with {name}" in page
    worker = Worker(Settings.load({"NEXUS_SECRET_KEY": KEY}), module_database_url)
    transport = httpx.ASGITransport(application(worker))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as plain:
        await worker.open()
        for path in ("/host", "/vote/K7M2QP", "/live/K7M2QP"):
            page = (await plain.get(path)).text
            assert "provider" not in page and "Log in with" not in page
        for path in ("/auth/oidc/", "/auth/oidc/callback/"):
            assert (await plain.get(path)).status_code == 404
        answer = await plain.post("/auth/oidc/token/", json={"code": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        await worker.close()


# --- The code in the page's address


async def test_a_code_is_exchanged_once_by_its_own_browser(browser: Browser, site: OidcSite) -> None:
    code = await browser.log_in()
    async with site.browser() as stranger:
        assert (await stranger.redeem(code)).status_code == 401
        await stranger.log_in("eve")  # with a cookie of its own
        assert (await stranger.redeem(code)).status_code == 401
    assert (await browser.redeem(code)).status_code == 200
    again = await browser.redeem(code)
    assert (again.status_code, again.json()["code"]) == (401, "unauthenticated")


async def test_one_of_many_gets_the_login(browser: Browser) -> None:
    code = await browser.log_in()
    answers = await asyncio.gather(*(browser.redeem(code) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 7


async def test_a_code_lasts_a_minute(browser: Browser, site: OidcSite) -> None:
    code = await browser.log_in("lasting")
    assert await rows(
        site.worker.database,
        "SELECT expires_at - created_at < interval '61 s', ends_at - created_at > interval '11 h' FROM refresh_tokens "
        "WHERE subject = 'ext:lasting'",
    ) == [(True, True)]
    await expire(site, "lasting")
    assert (await browser.redeem(code)).status_code == 401


async def expire(site: OidcSite, name: str) -> None:
    async with site.worker.database.transaction() as connection:
        await connection.run(
            "UPDATE refresh_tokens SET expires_at = clock_timestamp() WHERE subject = :subject", subject=f"ext:{name}"
        )


@pytest.mark.parametrize(
    ("code", "status"),
    [("x" * 43, 401), ("x" * 5000, 401), ("\0", 401), ("é", 401), ("", 401), (7, 422), (None, 422), (["x"], 422)],
)
async def test_a_code_of_nobody_is_refused(browser: Browser, code: object, status: int) -> None:
    await browser.log_in()
    assert (await browser.redeem(code)).status_code == status


async def test_a_code_is_no_refresh_token_and_a_refresh_token_no_code(browser: Browser) -> None:
    code = await browser.log_in()
    (cookie,) = browser.http.cookies.values()
    for text in (code, f"{code}{cookie}", f"{code}\0{cookie}", cookie):
        assert (await refreshed(browser, text)).status_code == 401
    pair = (await browser.redeem(code)).json()
    assert (await browser.redeem(pair["refresh"])).status_code == 401
    assert (await refreshed(browser, pair["refresh"])).status_code == 200


# --- How long a login lasts


async def test_a_login_ends_at_its_time_however_often_it_is_renewed(
    provider: RealProvider, module_database_url: str
) -> None:
    async with oidc_site(provider, module_database_url, NEXUS_OIDC_LOGIN_TTL="60") as site, site.browser() as browser:
        pair = await pair_of(browser, "brief")
        assert 50 <= pair["expires_in"] <= 60
        pair = (await refreshed(browser, pair["refresh"])).json()
        assert 50 <= pair["expires_in"] <= 60
        ends = "SELECT DISTINCT expires_at = ends_at FROM refresh_tokens WHERE subject = 'ext:brief'"
        assert await rows(site.worker.database, ends) == [(True,)]
        await expire(site, "brief")
        assert (await refreshed(browser, pair["refresh"])).status_code == 401


async def test_a_spent_token_used_late_ends_the_login_and_stands_in_the_history(
    browser: Browser, site: OidcSite
) -> None:
    site.provider.claims["groups"] = "admin"
    first = await pair_of(browser)
    second = (await refreshed(browser, first["refresh"])).json()
    third = (await refreshed(browser, second["refresh"])).json()
    assert (await refreshed(browser, first["refresh"])).status_code == 401
    assert (await refreshed(browser, third["refresh"])).status_code == 401
    admin = await pair_of(browser)
    entry = (await browser.call("GET", "/audit/?action=revoke_session", admin["access"])).json()["results"][0]
    assert (entry["user"], entry["target_type"], entry["target_id"]) == ("ext:ada", "login", 0)


async def test_nobody_ends_anothers_login(browser: Browser, site: OidcSite) -> None:
    ada = await pair_of(browser)
    eve = await pair_of(browser, "eve")
    await browser.call("POST", "/auth/logout/", eve["access"], {"refresh": ada["refresh"]})
    assert (await refreshed(browser, ada["refresh"])).status_code == 200


async def test_a_login_that_is_renewed_while_it_ends_is_over(browser: Browser) -> None:
    for _ in range(5):
        pair = await pair_of(browser)
        out = browser.call("POST", "/auth/logout/", pair["access"], {"refresh": pair["refresh"]})
        renewed, ended = await asyncio.gather(refreshed(browser, pair["refresh"]), out)
        assert ended.status_code == 204
        if renewed.status_code == 200:
            assert (await refreshed(browser, renewed.json()["refresh"])).status_code == 401
