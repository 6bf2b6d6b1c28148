"""The documents of the interfaces and their pages under `/api/`: made when first asked for, without anything loaded
from elsewhere, and open to everybody (docs/contract.md, "Documents")."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from nexus.http.api.routes import CALLS
from nexus.http.documents import Json
from nexus.http.documents.asyncapi_page import SocketPage
from nexus.http.documents.openapi import openapi
from nexus.http.framework.arrival import root_of
from nexus.http.framework.html import Html, element, page, paragraphs, together, void
from nexus.http.framework.static import WEB, StaticResponse, page_headers

ASSETS: tuple[tuple[str, Path, str], ...] = (
    ("api.css", WEB / "api" / "api.css", "text/css; charset=utf-8"),
    ("docs.js", WEB / "api" / "docs.js", "text/javascript; charset=utf-8"),
    ("swagger-ui.css", WEB / "swagger" / "swagger-ui.css", "text/css; charset=utf-8"),
    ("swagger-ui-bundle.js", WEB / "swagger" / "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
)
"""What the pages load: the name below `/api/assets/`, the file and its type."""

PAGE_HEADERS = page_headers()
"""Swagger UI needs no more: it sets its styles through the DOM (no 'unsafe-inline'), and its icons are data: URLs."""

_LINKS = (
    ("api/docs/", "REST"),
    ("api/ws/", "WebSocket"),
    ("api/openapi.json", "openapi.json"),
    ("api/asyncapi.json", "asyncapi.json"),
)


def documents(asyncapi: Json, root: str = "../") -> dict[str, StaticResponse]:
    """Every document by its path, written without a trailing slash, for addresses from which the root of the service
    is at `root`; `asyncapi` is the WebSocket's."""
    told = openapi(CALLS)
    return {**_files(told, asyncapi), **_pages(told, asyncapi, root)}


def _files(openapi: Json, asyncapi: Json) -> dict[str, StaticResponse]:
    found = {
        "/api/openapi.json": StaticResponse(msgspec.json.encode(openapi), "application/json"),
        "/api/asyncapi.json": StaticResponse(msgspec.json.encode(asyncapi), "application/json"),
    }
    return found | {f"/api/assets/{name}": StaticResponse(file.read_bytes(), kind) for name, file, kind in ASSETS}


def _pages(openapi: Json, asyncapi: Json, root: str) -> dict[str, StaticResponse]:
    made = _Page(root)
    return {
        "/api": made.of("The interfaces of Nexus", made.index(openapi, asyncapi)),
        "/api/docs": made.docs(),
        "/api/ws": made.of("The WebSocket interface of Nexus", SocketPage(asyncapi).body()),
    }


PAGE_PATHS = ("/api", "/api/docs", "/api/ws")
"""The pages among the documents."""

PATHS = (
    *(*PAGE_PATHS, "/api/openapi.json", "/api/asyncapi.json"),
    *(f"/api/assets/{name}" for name, *_ in ASSETS),
)
"""Where the documents and what their pages load are served: the keys of `documents`."""


class Documents:
    """The documents, made when the first of them is asked for.

    Few servers are ever asked, and making them takes a tenth of every start. It is done in a thread, which takes turns
    with the event loop, so that no vote waits until all are made.
    """

    def __init__(self, asyncapi: Callable[[], Json]) -> None:
        self._asyncapi = asyncapi
        self._making = asyncio.Lock()
        self._told: tuple[Json, Json] | None = None
        # The files under the empty root, and the pages under theirs.
        self._made: dict[str, dict[str, StaticResponse]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD for one of `PATHS`."""
        path, root = scope["path"], root_of(scope) if scope["path"] in PAGE_PATHS else ""
        async with self._making:
            made = self._made.get(root)
            if made is None:
                made = await asyncio.to_thread(self._make, root)
            if len(root) <= len("../../../"):  # anyone can add slashes to an address
                self._made[root] = made
        await made[path](scope, receive, send)

    def _make(self, root: str) -> dict[str, StaticResponse]:
        if self._told is None:
            self._told = openapi(CALLS), self._asyncapi()
        return _pages(*self._told, root) if root else _files(*self._told)


def document_routes(asyncapi: Callable[[], Json]) -> list[Route]:
    """The routes of every document; `asyncapi` makes the WebSocket's."""
    made = Documents(asyncapi)
    return [Route(path, made, methods=["GET"]) for path in PATHS]


class _Page:
    """A page that refers to everything from `root`, so that it works below any path."""

    def __init__(self, root: str) -> None:
        self._root = root

    def of(self, title: str, body: Html) -> StaticResponse:
        """One with `body`."""
        whole = page(title, self._bar(), element("main", body, class_="text"), head=self._style("api.css"))
        return StaticResponse(whole, "text/html; charset=utf-8", PAGE_HEADERS)

    def docs(self) -> StaticResponse:
        """Swagger UI."""
        names = ("swagger-ui-bundle.js", "docs.js")
        scripts = [element("script", src=f"{self._root}api/assets/{name}", defer="defer") for name in names]
        document = self._link("the document", "api/openapi.json")
        no_script = element("p", "This page needs JavaScript; ", document, " does not.")
        body = (self._bar(), element("div", id="swagger-ui"), element("noscript", no_script))
        head = together(self._style("swagger-ui.css"), self._style("api.css"), *scripts)
        return StaticResponse(
            page("The REST interface of Nexus", *body, head=head, class_="light"),
            "text/html; charset=utf-8",
            PAGE_HEADERS,
        )

    def index(self, openapi: Json, asyncapi: Json) -> Html:
        """Where the others are."""
        return together(
            element("h1", "The interfaces of Nexus"),
            element("h2", self._link("REST", "api/docs/")),
            paragraphs(openapi["info"]["description"]),
            element("h2", self._link("WebSocket", "api/ws/")),
            paragraphs(asyncapi["info"]["description"]),
        )

    def _link(self, text: str, path: str) -> Html:
        return element("a", text, href=self._root + path)

    def _style(self, name: str) -> Html:
        return void("link", rel="stylesheet", href=f"{self._root}api/assets/{name}")

    def _bar(self) -> Html:
        links = [self._link(text, path) for path, text in _LINKS]
        return element("header", element("strong", self._link("Nexus", "api/")), *links, class_="bar")
