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
    ("/api/docs/", "REST"),
    ("/api/ws/", "WebSocket"),
    ("/api/openapi.json", "openapi.json"),
    ("/api/asyncapi.json", "asyncapi.json"),
)


def documents(asyncapi: Json) -> dict[str, StaticResponse]:
    """Every document by its path, written without a trailing slash; `asyncapi` is the WebSocket's."""
    told = openapi(CALLS)
    found = {
        "/api": _page("The interfaces of Nexus", _index(told, asyncapi)),
        "/api/docs": _docs(),
        "/api/ws": _page("The WebSocket interface of Nexus", SocketPage(asyncapi).body()),
        "/api/openapi.json": StaticResponse(msgspec.json.encode(told), "application/json"),
        "/api/asyncapi.json": StaticResponse(msgspec.json.encode(asyncapi), "application/json"),
    }
    return found | {f"/api/assets/{name}": StaticResponse(file.read_bytes(), kind) for name, file, kind in ASSETS}


PATHS = (
    *("/api", "/api/docs", "/api/ws", "/api/openapi.json", "/api/asyncapi.json"),
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
        self._made: dict[str, StaticResponse] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD for one of `PATHS`."""
        async with self._making:
            if not self._made:
                self._made = await asyncio.to_thread(lambda: documents(self._asyncapi()))
        await self._made[scope["path"]](scope, receive, send)


def document_routes(asyncapi: Callable[[], Json]) -> list[Route]:
    """The routes of every document; `asyncapi` makes the WebSocket's."""
    made = Documents(asyncapi)
    return [Route(path, made, methods=["GET"]) for path in PATHS]


def _page(title: str, body: Html) -> StaticResponse:
    whole = page(title, _bar(), element("main", body, class_="text"), head=_style("api.css"))
    return StaticResponse(whole, "text/html; charset=utf-8", PAGE_HEADERS)


def _docs() -> StaticResponse:
    scripts = [
        element("script", src=f"/api/assets/{name}", defer="defer") for name in ("swagger-ui-bundle.js", "docs.js")
    ]
    no_script = element(
        "p", "This page needs JavaScript; ", element("a", "the document", href="/api/openapi.json"), " does not."
    )
    body = (_bar(), element("div", id="swagger-ui"), element("noscript", no_script))
    head = together(_style("swagger-ui.css"), _style("api.css"), *scripts)
    return StaticResponse(
        page("The REST interface of Nexus", *body, head=head, class_="light"), "text/html; charset=utf-8", PAGE_HEADERS
    )


def _style(name: str) -> Html:
    return void("link", rel="stylesheet", href=f"/api/assets/{name}")


def _bar() -> Html:
    links = [element("a", text, href=path) for path, text in _LINKS]
    return element("header", element("strong", element("a", "Nexus", href="/api/")), *links, class_="bar")


def _index(openapi: Json, asyncapi: Json) -> Html:
    return together(
        element("h1", "The interfaces of Nexus"),
        element("h2", element("a", "REST", href="/api/docs/")),
        paragraphs(openapi["info"]["description"]),
        element("h2", element("a", "WebSocket", href="/api/ws/")),
        paragraphs(asyncapi["info"]["description"]),
    )
