"""The documents of the interfaces and their pages under `/api/`: made once, served from here alone, and readable by
anybody (contract, section 2)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from nexus.http.etags import holds
from nexus.http.html import Html, element, page, paragraphs, together, void
from nexus.http.live_page import LivePage
from nexus.http.openapi import openapi
from nexus.http.routes import CALLS

Json = dict[str, Any]

WEB = Path(__file__).parents[1] / "web"

ASSETS: tuple[tuple[str, Path, str], ...] = (
    ("api.css", WEB / "api" / "api.css", "text/css; charset=utf-8"),
    ("docs.js", WEB / "api" / "docs.js", "text/javascript; charset=utf-8"),
    ("swagger-ui.css", WEB / "swagger" / "swagger-ui.css", "text/css; charset=utf-8"),
    ("swagger-ui-bundle.js", WEB / "swagger" / "swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
)
"""What the pages load: its name below `/api/assets/`, its file and its type."""

# Swagger UI sets its styles through the DOM, which needs no 'unsafe-inline'; its icons are data: URLs of its CSS.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
PAGE_HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
"""For a page that nobody frames, and that loads nothing from anywhere else."""

_LINKS = (
    ("/api/docs/", "REST"),
    ("/api/ws/", "WebSocket"),
    ("/api/openapi.json", "openapi.json"),
    ("/api/asyncapi.json", "asyncapi.json"),
)


class Document:
    """Bytes that stay as they are while the server runs: an ASGI application that sends them, or 304."""

    def __init__(self, body: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> None:
        self._body = body
        self._media_type = media_type
        self._tag = f'"{sha256(body).hexdigest()[:32]}"'
        self._headers = {"etag": self._tag, "cache-control": "no-cache", **(headers or {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD. Kept by caches, which ask each time whether it still holds."""
        if holds(Request(scope).headers.get("if-none-match", ""), self._tag):
            response = Response(status_code=304, headers=self._headers)
        else:
            response = Response(self._body, headers={**self._headers, "content-type": self._media_type})
        await response(scope, receive, send)


def documents(asyncapi: Json) -> dict[str, Document]:
    """Every document by its path, written without a trailing slash; `asyncapi` is the WebSocket's."""
    told = openapi(CALLS)
    found = {
        "/api": _page("The interfaces of Nexus", _index(told, asyncapi)),
        "/api/docs": _docs(),
        "/api/ws": _page("Nexus live", LivePage(asyncapi).body()),
        "/api/openapi.json": Document(msgspec.json.encode(told), "application/json"),
        "/api/asyncapi.json": Document(msgspec.json.encode(asyncapi), "application/json"),
    }
    return found | {f"/api/assets/{name}": Document(file.read_bytes(), kind) for name, file, kind in ASSETS}


def document_routes(asyncapi: Json) -> list[Route]:
    """The routes of every document."""
    return [Route(path, document, methods=["GET"]) for path, document in documents(asyncapi).items()]


def _page(title: str, body: Html) -> Document:
    whole = page(title, _bar(), element("main", body, class_="text"), head=_style("api.css"))
    return Document(whole, "text/html; charset=utf-8", PAGE_HEADERS)


def _docs() -> Document:
    scripts = [
        element("script", src=f"/api/assets/{name}", defer="defer") for name in ("swagger-ui-bundle.js", "docs.js")
    ]
    no_script = element(
        "p", "This page needs JavaScript; ", element("a", "the document", href="/api/openapi.json"), " does not."
    )
    body = (_bar(), element("div", id="swagger-ui"), element("noscript", no_script))
    head = together(_style("swagger-ui.css"), _style("api.css"), *scripts)
    return Document(
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
