"""What applies to every request, whatever its path: its id, trailing slash, bounds, and an answer to every error."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterable
from secrets import token_hex

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nexus.http.framework.cors import Cors
from nexus.http.framework.problem import (
    BODY_BYTES,
    ERROR_PAGE,
    BodyTooLarge,
    BodyTooSlow,
    ErrorPage,
    InternalError,
    problem,
)

logger = logging.getLogger(__name__)

BODY_S = 15.0
"""From the first read of a body to its end: a client that drips bytes must not hold a task for ever."""

UNREAD_S = 20.0
"""How long a client may take none of its answer; one that goes on reading, however slowly, gets all of it."""

PIECE_BYTES = 64 * 1024
"""What is handed over at once: the server keeps little more than that of an answer that nobody reads."""

REQUEST_ID = "nexus.request_id"
"""Where the scope holds the request's id."""
# Where the scope holds its body.
_BODY = "nexus.body"
_ALWAYS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Edge:
    """Middleware around the routes, inside Starlette's own, which would answer an exception in plain text.

    - A path with a trailing slash is treated as the path without it: routes are written without one.
    - Every response has `X-Request-ID`: the client's own where it is a plain word, else a new one.
    - Every response says whether it may be cached (by default it may not), and forbids guessing another type.
    - Pages of `origins`, canonical ones, may read the answers (`cors`).
    - Reading a body raises `BodyTooLarge` beyond `BODY_BYTES`, or what `limit_body` says, and `BodyTooSlow` after
      `BODY_S`.
    - An answer of which its client takes nothing for `UNREAD_S` is cut off.
    - Whoever asks for a page gets a refusal as the page that `error_page` makes.
    - An exception that nothing handled is logged with the request's id and answered 500 `internal_error`.
    """

    def __init__(
        self, app: ASGIApp, origins: frozenset[str] = frozenset(), error_page: ErrorPage | None = None
    ) -> None:
        inner = _Faults(app)
        self._app = app
        self._error_page = error_page
        self._http: ASGIApp = Cors(inner, origins) if origins else inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; anything but HTTP is passed on."""
        if scope["type"] != "http":
            await self._app(_without_slash(scope) if scope["type"] == "websocket" else scope, receive, send)
            return
        request_id = _request_id(scope["headers"])
        body = _Body(receive, _content_length(scope["headers"]))
        inner = {**_without_slash(scope), REQUEST_ID: request_id, ERROR_PAGE: self._error_page, _BODY: body}
        await self._http(inner, body, _CompletedSend(send, request_id))


def limit_body(scope: Scope, most: int) -> None:
    """Let the body of a request have `most` bytes; to be said before it is read."""
    body = scope.get(_BODY)
    if isinstance(body, _Body):
        body.most = most


def may_exceed(scope: Scope, most: int) -> bool:
    """Whether the body of a request may have more than `most` bytes: it says so, or not how many it has."""
    declared = [value for name, value in scope["headers"] if name == b"content-length"]
    return not declared or _content_length(scope["headers"]) > most


class AnswerUnread(Exception):
    """The client has taken nothing of its answer for `UNREAD_S`; the rest is not sent."""


class _Faults:
    """Answers every exception, except in the middle of an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def reply(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, reply)
        except ClientDisconnect:
            logger.debug("request %s: the client left before its body was complete", scope[REQUEST_ID])
        except AnswerUnread:
            logger.info("request %s: nothing of its answer was read for %d s, cut off", scope[REQUEST_ID], UNREAD_S)
        except Exception:
            logger.exception("request %s failed: %s %s", scope[REQUEST_ID], scope["method"], scope["path"])
            if started:
                raise  # the server cuts the connection, so that nobody takes half an answer for a complete one
            await problem(InternalError())(scope, receive, send)


class _CompletedSend:
    """`send`, which completes each response with the headers that every one has, and sends it in pieces.

    The server waits with the next piece until the client has taken most of the one before, so a wait is bounded, and
    an answer that goes out at all may take as long as it needs. Raises `AnswerUnread`.
    """

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode("ascii")

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            given = message.get("headers", ())
            names = {name.lower() for name, _ in given}
            headers = [*given, (b"x-request-id", self._request_id)]
            headers += [(name, value) for name, value in _ALWAYS if name not in names]
            message = {**message, "headers": headers}
        body: bytes = message.get("body", b"")
        if message["type"] != "http.response.body" or len(body) <= PIECE_BYTES:
            await self._in_time(message)
            return
        for start in range(0, len(body), PIECE_BYTES):
            piece = body[start : start + PIECE_BYTES]
            await self._in_time({"type": "http.response.body", "body": piece, "more_body": True})
        # Empty, and sent once the last piece is on its way: until then the request, and what it holds, is not over.
        await self._in_time({"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)})

    async def _in_time(self, message: Message) -> None:
        try:
            async with asyncio.timeout(UNREAD_S):
                await self._send(message)
        except TimeoutError:
            raise AnswerUnread from None


class _Body:
    """`receive`, within bounds; once the body is complete, what comes after it (a disconnect) has no time limit."""

    most = BODY_BYTES

    def __init__(self, receive: Receive, declared: int) -> None:
        self._receive = receive
        self._size = declared
        self._read = 0
        self._whole = False
        self._deadline: float | None = None

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        if self._size > self.most:
            raise BodyTooLarge(self.most)
        if self._deadline is None:
            self._deadline = asyncio.get_running_loop().time() + BODY_S
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise BodyTooSlow from None
        self._read += len(message.get("body", b""))
        if self._read > self.most:
            raise BodyTooLarge(self.most)
        self._whole = not message.get("more_body", False)
        return message


def _without_slash(scope: Scope) -> Scope:
    path: str = scope["path"]
    # All of them: a path that still ended in one would be redirected by Starlette.
    return {**scope, "path": path.rstrip("/") or "/"} if path.endswith("/") else scope


def _request_id(headers: Iterable[tuple[bytes, bytes]]) -> str:
    given = next((value for name, value in headers if name == b"x-request-id"), b"")
    return given.decode("ascii") if _REQUEST_ID.fullmatch(given) else token_hex(8)


def _content_length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    declared = next((value for name, value in headers if name == b"content-length"), b"")
    # Nineteen digits are more than any limit, and still quick to parse.
    return int(declared[:19]) if declared.isdigit() else 0
