"""The documents and their pages: what they show, what they load, and the headers that keep them harmless."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route, WebSocketRoute

from nexus.app import Worker, application
from nexus.http.documents import Json
from nexus.http.documents.asyncapi_page import SocketPage
from nexus.http.documents.routes import ASSETS, document_routes, documents
from nexus.http.framework.edge import Edge
from nexus.http.framework.html import element, page, prose
from nexus.http.framework.problem import HANDLERS
from nexus.settings import Settings
from nexus.ws.asyncapi import asyncapi
from tests.support.documented import documented
from tests.support.rest import KEY, refused

OTHERS = {
    *(
        "/metrics",
        "/",
        "/vote",
        "/vote/{code}",
        "/vote/{code}/qr.svg",
        "/vote/{code}/qr.png",
        "/manifest.webmanifest",
        "/live",
        "/live/{code}",
        "/host",
    ),
    *("/logos/{name}", "/assets/{path:path}", "/{word}/{code}", "/{word}", "/{code}"),
}
"""What the contract names and no document of an interface tells of: numbers for operators, and pages for people."""

PAGES = ("/api/", "/api/docs/", "/api/ws/")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(
        routes=document_routes(asyncapi),
        middleware=[Middleware(Edge)],
        exception_handlers=HANDLERS,
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://nexus.test") as opened:
        yield opened


class Loaded(HTMLParser):
    """What a page loads and where it leads; scripts and styles inside of it are kept too."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.inline: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self._inside = tag
        self.sources += [given["src"]] if "src" in given else []
        self.sources += [given["href"]] if tag == "link" and given["href"] != "data:," else []
        self.links += [given["href"]] if tag == "a" else []
        self.ids += [given["id"]] if "id" in given else []
        self.inline += [name for name in given if name == "style" or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style") and data.strip():
            self.inline.append(data)


async def test_documents_are_served_as_they_were_made(client: httpx.AsyncClient) -> None:
    for path, made in (("/api/openapi.json", documented().document), ("/api/asyncapi.json", asyncapi())):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
        assert answer.json() == json.loads(json.dumps(made))


@pytest.mark.parametrize("path", documents(asyncapi()))
async def test_document_is_revalidated(client: httpx.AsyncClient, path: str) -> None:
    for way in (path, f"{path}/"):
        answer = await client.get(way)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
        assert answer.headers["x-request-id"]
        tag = answer.headers["etag"]
        again = await client.get(way, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        assert (await client.get(way, headers={"If-None-Match": '"other"'})).status_code == 200
        head = await client.head(way)
        assert (head.status_code, head.headers["content-length"]) == (200, answer.headers["content-length"])
        plain = await client.get(way, headers={"Accept-Encoding": "identity"})
        assert plain.headers["content-length"] == str(len(answer.content))


async def test_documents_are_made_once_and_when_asked_for() -> None:
    made = []

    def told() -> Json:
        made.append(1)
        return asyncapi()

    transport = httpx.ASGITransport(Starlette(routes=document_routes(told)))
    assert made == []
    async with httpx.AsyncClient(transport=transport, base_url="http://nexus.test") as opened:
        await asyncio.gather(*(opened.get(path) for path in documents(asyncapi())))
    assert made == [1]


async def test_documents_only_answer_reads(client: httpx.AsyncClient) -> None:
    for path in documents(asyncapi()):
        answer = await client.post(path)
        assert refused(answer) == (405, "method_not_allowed")
        assert answer.headers["cache-control"] == "no-store"
    assert refused(await client.get("/api/assets/nothing.js")) == (404, "not_found")
    assert refused(await client.get("/api/assets/../web/api/docs.js")) == (404, "not_found")


@pytest.mark.parametrize("path", PAGES)
async def test_page_is_locked_to_this_server(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "camera=()" in answer.headers["permissions-policy"]


@pytest.mark.parametrize("path", PAGES)
async def test_page_loads_all_it_needs_from_here(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    loaded = Loaded(answer.text)
    assert loaded.inline == []
    assert loaded.sources
    for source in loaded.sources:
        assert not urlsplit(source).netloc
        asset = await client.get(urljoin(path, source))
        assert asset.status_code == 200
        assert asset.headers["content-type"].startswith("text/css" if source.endswith(".css") else "text/javascript")
    for link in loaded.links:
        target = urlsplit(link)
        assert not target.netloc, link
        if target.path:
            assert (await client.get(urljoin(path, link))).status_code == 200, link
        if target.fragment:
            assert target.fragment in loaded.ids, link
    assert not re.search(r"https?://", answer.text)


async def test_own_scripts_and_styles_name_no_other_host(client: httpx.AsyncClient) -> None:
    for name, _, _ in ASSETS:
        text = (await client.get(f"/api/assets/{name}")).text
        if not name.startswith("swagger-ui"):
            assert not re.search(r"https?://|//[a-z]+\.", text.replace("// ", "")), name
        assert not re.search(r"@import|url\(\s*[\"']?(https?:)?//", text), name
    docs = (await client.get("/api/assets/docs.js")).text
    assert "validatorUrl: null" in docs
    assert '"../openapi.json"' in docs


async def test_pages_lead_to_each_other(client: httpx.AsyncClient) -> None:
    for path in PAGES:
        links = {urljoin(path, one) for one in Loaded((await client.get(path)).text).links}
        assert {"/api/", "/api/docs/", "/api/ws/", "/api/openapi.json", "/api/asyncapi.json"} <= links, path


@pytest.mark.parametrize("path", [*PAGES, *(page.rstrip("/") for page in PAGES)])
async def test_pages_work_below_any_path(client: httpx.AsyncClient, path: str) -> None:
    loaded = Loaded((await client.get(path)).text)
    for one in (*loaded.sources, *(link for link in loaded.links if not link.startswith("#"))):
        assert urljoin(f"https://example.org/nexus{path}", one).startswith("https://example.org/nexus/api/"), one


async def test_the_openapi_document_names_the_server_that_serves_it(client: httpx.AsyncClient) -> None:
    document = (await client.get("/api/openapi.json")).json()
    below = "https://example.org/nexus/api/openapi.json"
    assert [urljoin(below, server["url"]) for server in document["servers"]] == ["https://example.org/nexus/"]
    assert urljoin(below, document["externalDocs"]["url"]) == "https://example.org/nexus/api/ws/"


async def test_live_page_shows_every_message(client: httpx.AsyncClient) -> None:
    text = (await client.get("/api/ws/")).text
    document = asyncapi()
    for name, message in document["components"]["messages"].items():
        assert f'id="message-{name}"' in text
        for field in document["components"]["schemas"][message["payload"]["$ref"].rpartition("/")[2]]["properties"]:
            assert f"<code>{field}</code>" in text
    for close in document["channels"]["socket"]["x-close-codes"]:
        assert f"<code>{close['code']}</code>" in text
    assert "prefers-color-scheme: dark" in (await client.get("/api/assets/api.css")).text
    assert '<meta name="viewport"' in text


def test_texts_of_the_document_are_escaped() -> None:
    document = asyncapi()
    document["info"]["title"] = "<script>alert(1)</script>"
    document["components"]["messages"]["ping"]["summary"] = 'a `<b>` & "c"'
    document["components"]["messages"]["ping"]["examples"] = [{"payload": {"id": "</pre><img src=x>"}}]
    body = SocketPage(document).body()
    assert "<script" not in body
    assert "<img" not in body
    assert "a <code>&lt;b&gt;</code> &amp; &quot;c&quot;" in body


def test_html_is_escaped_once() -> None:
    inner = element("b", "1 < 2", title='"')
    assert inner == '<b title="&quot;">1 &lt; 2</b>'
    assert element("p", inner, " & ", prose("`<`")) == f"<p>{inner} &amp; <code>&lt;</code></p>"
    assert b"<title>&lt;</title>" in page("<")


def test_every_route_of_the_program_is_documented() -> None:
    worker = Worker(Settings.load({"NEXUS_SECRET_KEY": KEY.decode()}), "postgresql://nobody@localhost/nothing")
    app = application(worker)
    assert isinstance(app, Starlette)
    told = {path.rstrip("/") for path in documented().document["paths"]} | set(documents(asyncapi()))
    told |= OTHERS
    sockets = {asyncapi()["channels"]["socket"]["address"]}
    for route in app.routes:
        assert isinstance(route, Route | WebSocketRoute)
        assert route.path in (sockets if isinstance(route, WebSocketRoute) else told), route.path


async def test_a_path_without_a_route_is_not_found_and_leads_nowhere() -> None:
    worker = Worker(Settings.load({"NEXUS_SECRET_KEY": KEY.decode()}), "postgresql://nobody@localhost/nothing")
    transport = httpx.ASGITransport(application(worker))
    async with httpx.AsyncClient(transport=transport, base_url="http://nexus.test") as client:
        for path in ("/assets", "/assets/", "/nothing/", "/vote/x/y", "/host/x/"):
            assert refused(await client.get(path)) == (404, "not_found"), path
