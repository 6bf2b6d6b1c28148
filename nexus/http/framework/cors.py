"""Which pages of other origins may read the answers (the Fetch standard, "CORS protocol"); WebSockets have their own
check."""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Send

from nexus.access.origins import canonical_origin
from nexus.errors import Malformed
from nexus.http.framework.problem import problem

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REQUEST_HEADERS = ("Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Request-ID")
EXPOSED_HEADERS = ("Content-Disposition", "ETag", "Retry-After", "X-Request-ID", "X-Total-Count")
MAX_AGE_S = 7200
"""How long a browser may remember a preflight; Chromium remembers none for longer."""


# What Starlette names as not allowed, in words.
_NAMES = {"origin": "origin", "method": "method", "headers": "headers", "private-network": "private network access"}


class Cors(CORSMiddleware):
    """Answers preflights, and lets pages of `origins` (canonical ones) read what `app` answers. No cookies or
    client certificates are used: the token is in a header, so no page can borrow it."""

    def __init__(self, app: ASGIApp, origins: frozenset[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=METHODS,
            allow_headers=REQUEST_HEADERS,
            expose_headers=EXPOSED_HEADERS,
            max_age=MAX_AGE_S,
        )

    def is_allowed_origin(self, origin: str) -> bool:
        """Whether `origin`, as a browser writes it (without a default port), is one of those allowed."""
        return canonical_origin(origin) in self.allow_origins

    def preflight_response(self, request_headers: Headers) -> Response:
        """204, or a problem document where the page asks for something that is not allowed."""
        answer = super().preflight_response(request_headers)
        told = Response(status_code=204)
        if answer.status_code >= 400:
            told = problem(Malformed(_refusal(bytes(answer.body).decode()), code="cors_refused"))
        shown = ("vary", "access-control-") if self.is_allowed_origin(request_headers["origin"]) else ("vary",)
        told.headers.update({name: value for name, value in answer.headers.items() if name.startswith(shown)})
        return told

    async def send(self, message: Message, send: Send, request_headers: Headers) -> None:
        """Let the page that asked read the answer, if it may; otherwise only say that it depends on the origin."""
        origin = request_headers.get("origin")
        told = request_headers if origin is not None and self.is_allowed_origin(origin) else Headers()
        await super().send(message, send, told)


def _refusal(text: str) -> str:
    """Starlette's refusal of a preflight ("Disallowed CORS origin, method") as a sentence."""
    names = [word for name, word in _NAMES.items() if name in text]
    why = " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
    return f"This cross-origin request is not allowed because of its {why}."
