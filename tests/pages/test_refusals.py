"""Whoever asks for HTML gets a page, errors included; programs get the problem document as ever."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Scope

from nexus import errors
from nexus.domain.brand import NO_LOOK, Look
from nexus.http.framework.asked import wants_page
from nexus.http.framework.edge import Edge
from nexus.http.framework.problem import HANDLERS, ActRefused, BodyTooLarge
from nexus.http.framework.static import WEB
from nexus.http.framework.words import Words
from nexus.http.pages.assets import Assets
from nexus.http.pages.refusals import RefusalPages
from tests.support.served import Server, serving

CHROME = (
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
    "application/signed-exchange;v=b3;q=0.7"
)
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
PICTURE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
PROBLEM = "application/problem+json"
WORDS = {name: json.loads((WEB / "words" / f"{name}.json").read_text("utf-8")) for name in ("en", "de")}


def scope(accept: str | None, *, method: str = "GET", **headers: str) -> Scope:
    named = {**({} if accept is None else {"accept": accept}), **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in named.items()]
    return {"type": "http", "method": method, "path": "/", "headers": raw}


@pytest.mark.parametrize(
    "accept",
    [
        CHROME,
        FIREFOX,
        "text/html",
        "TEXT/HTML ; Charset=utf-8",
        "text/*",
        "text/html;q=0.2, */*;q=0.1",
        "application/json;q=0.5, text/html;q=0.6",
        "text/html, application/json;q=0.9, */*;q=0.8",
        "application/*;q=0, */*",
        "text/html;level=1;q=0.9, application/problem+json;q=0.8",
    ],
)
def test_a_page_is_wanted(accept: str) -> None:
    assert wants_page(scope(accept))
    assert wants_page(scope(accept, method="HEAD"))
    assert not wants_page(scope(accept, method="POST"))
    assert not wants_page(scope(accept, authorization="Bearer x"))


@pytest.mark.parametrize(
    "accept",
    [
        *(None, "", "*/*", "application/json", PROBLEM, PICTURE, "image/*", "application/*"),
        "application/json, text/plain, */*",
        "application/json, text/html",
        "text/html, application/json",
        "text/html;q=0, */*",
        "text/html;q=nan",
        "text/html;q=-1",
        "text/html;q=7",
        "text/html;q=much",
        "text/html;q=0.5, application/problem+json;q=0.6",
        "text/event-stream",
        ",;,q=1",
    ],
)
def test_a_document_is_wanted(accept: str | None) -> None:
    assert not wants_page(scope(accept))


@pytest.mark.parametrize("shown", ["document", "iframe", "frame", "embed", "object"])
def test_what_a_browser_shows_is_a_page(shown: str) -> None:
    assert wants_page(scope("*/*", sec_fetch_dest=shown))


@pytest.mark.parametrize("loaded", ["empty", "script", "image", "style", "font"])
def test_what_a_script_fetches_is_a_document(loaded: str) -> None:
    assert not wants_page(scope("*/*", sec_fetch_dest=loaded))
    assert wants_page(scope("text/html", sec_fetch_dest=loaded))  # it asks for one


def test_a_library_that_ranks_html_first_gets_documents_with_its_token() -> None:
    assert not wants_page(scope(JAVA, authorization="Bearer x"))
    assert not wants_page(scope(JAVA, method="POST"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    async with serving(tmp_path_factory.mktemp("pages"), module_database_url) as served:
        yield served


@pytest.fixture
def browser(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, headers={"Accept": CHROME, "Sec-Fetch-Dest": "document"}) as client:
        yield client


def is_page(answer: httpx.Response, status: int, name: str, language: str = "en") -> None:
    words = WORDS[language]["error"]
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["vary"] == "Accept, Accept-Language, Cookie"
    assert answer.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-request-id"]
    assert f'<html lang="{language}" dir="ltr">' in answer.text
    assert f"<h1>{words[f'{name}_heading']}</h1><p>{words[f'{name}_text']}</p>" in answer.text
    links = dict(re.findall(r'<a href="([^"]+)">([^<]+)</a>', answer.text))
    assert {str(answer.url.join(link).path): text for link, text in links.items()} == {
        "/": words["start"],
        "/host": words["host"],
    }


UNKNOWN = (
    *("/nothing", "/vote/a/b", "/api/none/", "/assets", "/assets/none.js", "/favicon.ico", "/wp-login.php"),
    *("/a/b/c/d", "/.env"),
)


@pytest.mark.parametrize("path", UNKNOWN)
def test_an_unknown_path_is_a_page_to_people_and_a_document_to_programs(browser: httpx.Client, path: str) -> None:
    is_page(browser.get(path), 404, "missing")
    is_page(browser.get(path, headers={"Accept-Language": "de-CH"}), 404, "missing", "de")
    document = browser.get(path, headers={"Accept": "*/*", "Sec-Fetch-Dest": "empty"})
    assert (document.status_code, document.headers["content-type"]) == (404, PROBLEM)
    assert document.headers["vary"] == "Accept, Accept-Language, Cookie"
    assert document.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("path", "status", "name", "header"),
    [
        ("/polls/7/", 401, "program", "www-authenticate"),
        ("/audit/", 401, "program", "www-authenticate"),
        ("/polls/join/", 405, "program", "allow"),
        ("/auth/token/", 405, "program", "allow"),
        ("/options/1", 401, "program", "www-authenticate"),
    ],
)
def test_a_path_for_programs_says_so(browser: httpx.Client, path: str, status: int, name: str, header: str) -> None:
    answer = browser.get(path)
    is_page(answer, status, name)
    assert answer.headers[header]
    document = browser.get(path, headers={"Accept": "application/json", "Sec-Fetch-Dest": "empty"})
    assert (document.status_code, document.headers["content-type"]) == (status, PROBLEM)
    assert document.headers[header] == answer.headers[header]


def test_a_head_has_the_headers_of_the_page(browser: httpx.Client) -> None:
    page, head = browser.get("/nothing"), browser.head("/nothing")
    assert (head.status_code, head.content) == (404, b"")
    for name in ("content-type", "content-length", "vary"):
        assert head.headers[name] == page.headers[name]


def test_what_works_for_programs_is_no_page(browser: httpx.Client) -> None:
    answer = browser.get("/health/live")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


ALIASES = {
    "/join/k7m-2qp": "/vote/K7M2QP",
    "/votes/K7M2QP/": "/vote/K7M2QP",
    "/v/K7M2QP": "/vote/K7M2QP",
    "/Vote/K7M2QP": "/vote/K7M2QP",
    "/LIVE/k7m2qp?overlay=1": "/live/K7M2QP?overlay=1",
    "/poll/K7M2QP": "/vote/K7M2QP",
    "/join/%20": "/vote",
    "/join": "/vote",
    "/votes/": "/vote",
    "/Live": "/live",
    "/login": "/host",
    "/admin/": "/host",
    "/HOST": "/host",
    "/docs": "/api/docs/",
    "/join/%2F%2Fevil.example": "",
    "/join/%5C%5Cevil.example": "/vote/EVILEXAMPLE",
}


@pytest.mark.parametrize(("typed", "leads_to"), ALIASES.items())
def test_what_people_type_leads_where_they_expect(browser: httpx.Client, typed: str, leads_to: str) -> None:
    answer = browser.get(typed)
    if not leads_to:
        is_page(answer, 404, "missing")
        return
    assert answer.status_code == 307
    assert answer.url.join(answer.headers["location"]) == answer.url.join(leads_to)


@pytest.mark.parametrize("path", ["/vote", "/vote/", "/live"])
def test_a_page_without_its_code_asks_for_one(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 200
    assert "screens/enter.js" in answer.text


def test_a_code_right_after_the_host_is_the_page_for_voting(server: Server, browser: httpx.Client) -> None:
    token = {"Authorization": f"Bearer {server.token('user:1', 'user')}"}
    body = {"question": "Which?", "options": [{"option_text": "Yes"}, {"option_text": "No"}]}
    code = httpx.post(f"{server.url}/polls/", json=body, headers=token).json()["code"]
    whole = browser.get(f"/vote/{code}")
    for typed in (code, code.lower(), f"{code[:3]}-{code[3:]}/", f"%22{code}%22."):
        answer = browser.get(f"/{typed}")
        assert answer.status_code == 200
        assert {"Accept", "Accept-Language"} <= set(answer.headers["vary"].split(", "))
        same = (
            re.sub(r'"server_now":"[^"]+"|(?<=")[./]+(?=assets/|manifest)', "", one.text.replace(typed, code))
            for one in (answer, whole)
        )
        assert next(same) == next(same)
    assert browser.post(f"/{code}").status_code == 405
    assert httpx.get(f"{server.url}/{code}").text.startswith("<!doctype html>")  # as /vote/CODE: for everybody


@pytest.mark.parametrize("path", ["/ZZZZZZ", "/zzz-zzz", "/ASSETS", "/ZZZZZZZZZZ/"])
def test_a_wrong_code_after_the_host_is_a_page_to_people_and_a_document_to_programs(
    browser: httpx.Client, path: str
) -> None:
    page = browser.get(path)
    assert page.status_code == 404
    assert '"refused":"poll_not_found"' in page.text
    document = browser.get(path, headers={"Accept": "application/json", "Sec-Fetch-Dest": "empty"})
    assert (document.status_code, document.json()["code"]) == (404, "poll_not_found")


@pytest.mark.parametrize(
    "path", ["/polls", "/options", "/nothin", "/hello%20events", "/K7M2Q0", "/K7M2QPA", "/K7M2QP/x"]
)
def test_what_is_no_code_is_not_taken_for_one(browser: httpx.Client, path: str) -> None:
    assert "screens/vote" not in browser.get(path).text
    program = browser.post(path, headers={"Accept": "*/*", "Sec-Fetch-Dest": "empty"})
    assert program.status_code == (401 if path == "/polls" else 404)


class Broken(Exception):
    pass


REFUSALS: dict[str, tuple[Exception, int, str, dict[str, str]]] = {
    "bad": (errors.Malformed(), 400, "failed", {}),
    "metrics": (errors.Forbidden(), 403, "forbidden", {}),
    "large": (BodyTooLarge(), 413, "failed", {}),
    "invalid": (errors.Invalid(errors=(("page", "must be a number"),)), 422, "failed", {}),
    "many": (errors.TooMany(after_s=7), 429, "many", {"retry-after": "7"}),
    "busy": (errors.Unavailable(after_s=3), 503, "busy", {"retry-after": "3"}),
    "act": (ActRefused(errors.PollNotFound(), uuid4()), 404, "missing", {}),
    "method": (HTTPException(405, headers={"Allow": "POST"}), 405, "program", {"allow": "POST"}),
    "fault": (Broken("<b>secret</b>"), 500, "fault", {}),
}


async def plain() -> Look:
    return NO_LOOK


@pytest.mark.parametrize("path", REFUSALS)
async def test_every_refusal_is_a_page_to_people(path: str) -> None:
    error, status, name, headers = REFUSALS[path]

    async def refuse(_: Request) -> None:
        raise error

    app = Starlette(
        routes=[Route(f"/{path}", refuse)],
        middleware=[Middleware(Edge, error_page=RefusalPages(Assets(WEB), Words(WEB / "words"), plain))],
        exception_handlers=HANDLERS,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://nexus.test") as client:
        page = await client.get(f"/{path}", headers={"Accept": FIREFOX, "X-Request-ID": "my-1"})
        document = await client.get(f"/{path}")
    is_page(page, status, name)
    assert headers.items() <= page.headers.items()
    assert ("my-1" in page.text) is (status == 500)
    assert "secret" not in page.text
    assert document.status_code == document.json()["status"] == status
    assert headers.items() <= document.headers.items()
