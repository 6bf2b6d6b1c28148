"""Content that does not change while the server runs, and the headers of pages."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from nexus.http.framework.etags import holds

WEB = Path(__file__).parents[2] / "web"
"""The folder of everything that browsers load."""

SMALL_BYTES = 512
"""Up to this size compressing saves no packet."""

LARGE_BYTES = 32 * 1024
"""From this size on compressing takes longer than a millisecond."""

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
)


def page_headers(*directives: str, framed_by: Sequence[str] = ()) -> dict[str, str]:
    """The headers of a page that loads nothing from other origins, and that only pages of the origins `framed_by` may
    frame; `directives` are added to its policy (Content Security Policy Level 3)."""
    ancestors = " ".join(("frame-ancestors", *(framed_by or ("'none'",))))
    return {
        "content-security-policy": "; ".join((*_POLICY, ancestors, *directives)),
        "referrer-policy": "no-referrer",
        # It cannot list origins; browsers that know the directive above ignore it.
        **({} if framed_by else {"x-frame-options": "DENY"}),
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    }


class StaticResponse:
    """An ASGI application that always answers the same, compressed where the client accepts that, or 304.

    Caches keep the answer and ask each time whether it is still current, unless `headers` say otherwise: what is
    `immutable` (RFC 8246) has no entity tag, since nobody asks again.
    """

    def __init__(self, body: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> None:
        tag = sha256(body).hexdigest()[:16]  # a page loads two dozen files, and each counts
        given = {"content-type": media_type, "cache-control": "no-cache", "vary": "Accept-Encoding", **(headers or {})}
        asked_again = "immutable" not in given["cache-control"]
        self._plain = body, {**given, **({"etag": f'"{tag}"'} if asked_again else {})}
        # Another tag: a cache must not mistake one form for the other (RFC 9110, section 8.8.3.3).
        packed_tag = {"etag": f'"{tag}-gzip"'} if asked_again else {}
        self._packed_headers = {**given, **packed_tag, "content-encoding": "gzip"}
        self._packed: bytes | None = None
        self._packing = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a GET or HEAD."""
        asked = Request(scope).headers
        body, headers = self._plain
        if takes_gzip(asked.get("accept-encoding", "")):
            packed = self._packed if self._packed is not None else await self._pack()
            if len(packed) < len(body):
                body, headers = packed, self._packed_headers
        if "etag" in headers and holds(asked.get("if-none-match", ""), headers["etag"]):
            told = {name: headers[name] for name in ("etag", "cache-control", "vary")}
            response = Response(status_code=304, headers=told)
        else:
            response = Response(body, headers=headers)
        await response(scope, receive, send)

    async def _pack(self) -> bytes:
        """The compressed body, made for the first who asks: few of the files are ever asked for, and all would cost
        every start a tenth of a second. A large one is made off the event loop, so that no vote waits for it, and once,
        however many ask at the same time."""
        body, _ = self._plain
        async with self._packing:
            if self._packed is None and len(body) <= SMALL_BYTES:
                self._packed = body
            elif self._packed is None and len(body) <= LARGE_BYTES:
                self._packed = gzip.compress(body, mtime=0)
            elif self._packed is None:
                self._packed = await asyncio.to_thread(gzip.compress, body, mtime=0)
        return self._packed


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the header `Accept-Encoding` names gzip without refusing it (RFC 9110, section 12.5.3)."""
    for one in accept_encoding.lower().split(","):
        coding, _, weight = one.partition(";")
        if coding.strip() == "gzip":
            return weight.strip().removeprefix("q=").strip("0.") != "" or not weight
    return False
