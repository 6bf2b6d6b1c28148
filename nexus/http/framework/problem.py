"""Errors as HTTP answers: the one translation of an error to its status, headers and problem document."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler, Receive, Scope, Send

from nexus import errors
from nexus.domain.problem import PROBLEM_TYPE, ProblemDocument, problem_document
from nexus.errors import NexusError
from nexus.http.framework.asked import VARY, wants_page

ErrorPage = Callable[[Scope, ProblemDocument], Awaitable[Response]]
"""Makes the page that tells people of a refusal, with its status."""

ERROR_PAGE = "nexus.error_page"
"""Where the scope holds the `ErrorPage`, if there is one (`edge`)."""

BODY_BYTES = 64 * 1024
"""The largest body of a call that says nothing else (`call.Call`)."""

UPLOAD_BYTES = 512 * 1024
"""The largest body that is a file (`body.Upload`)."""

LARGE_BYTES = 256 * 1024
"""Of JSON: a larger body takes one of few places, and is decoded beside the event loop."""

_MIB = 1024 * 1024


def size(n: int) -> str:
    """A number of bytes in words, a whole one of its unit."""
    return f"{n // _MIB} MiB" if n % _MIB == 0 else f"{n // 1024} KiB"


class BodyTooLarge(NexusError):
    """The body is larger than the call needs, of which `limit` is the largest size in bytes."""

    code = "body_too_large"

    def __init__(self, limit: int = BODY_BYTES) -> None:
        """Refuse a body of more than `limit` bytes."""
        escaped = (
            ""
            if limit in (BODY_BYTES, UPLOAD_BYTES)
            else " Characters sent as \\u escapes take more room than in UTF-8."
        )
        super().__init__(f"The body is larger than {size(limit)}.{escaped}")


class BodyTooSlow(NexusError):
    """The body did not arrive in time."""

    code = "request_timeout"
    default = "The body did not arrive in time."


class UnsupportedMediaType(NexusError):
    """The body does not say that it is JSON."""

    code = "unsupported_media_type"
    default = "The body must be JSON, sent as application/json in UTF-8."


class MethodNotAllowed(NexusError):
    """The path exists and has no such method."""

    code = "method_not_allowed"
    default = "This path does not support this method."


class InternalError(NexusError):
    """A fault of ours; only the log says what it was."""

    code = "internal_error"
    default = "Something went wrong here. It has been logged."


class ActRefused(Exception):
    """An act of voting ended in `error`: its problem document names the op too, so that it can be retried."""

    def __init__(self, error: NexusError, op: UUID) -> None:
        super().__init__(error.error_code)
        self.error = error
        self.op = op


_STATUS: tuple[tuple[type[NexusError], int], ...] = (
    (errors.Malformed, 400),
    (errors.Invalid, 422),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.TooMany, 429),
    (errors.Unavailable, 503),
    (BodyTooLarge, 413),
    (BodyTooSlow, 408),
    (UnsupportedMediaType, 415),
    (MethodNotAllowed, 405),
)


def status_of(error: NexusError) -> int:
    """The HTTP status of an error; 500 for one that is not about the request."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def document(error: NexusError, op: UUID | None) -> ProblemDocument:
    """What a client is told of `error`, for an act of voting with its `op`."""
    fields = error.errors if isinstance(error, errors.Invalid) else ()
    return problem_document(status_of(error), error.error_code, error.detail, errors=fields, op=op)


class ProblemResponse(Response):
    """A refusal: its document, or a page that says the same to whoever asks for one."""

    media_type = PROBLEM_TYPE

    def __init__(self, told: ProblemDocument, headers: Mapping[str, str]) -> None:
        super().__init__(msgspec.json.encode(told), told.status, {"cache-control": "no-store", "vary": VARY, **headers})
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the form that is asked for."""
        make: ErrorPage | None = scope.get(ERROR_PAGE)
        if make is None or not wants_page(scope):
            await super().__call__(scope, receive, send)
            return
        page = await make(scope, self._told)
        for name, value in self.headers.items():
            if name not in ("content-type", "content-length"):
                page.headers[name] = value
        await page(scope, receive, send)


def problem(error: NexusError, op: UUID | None = None) -> Response:
    """The answer to a request that ended in `error`; `op` is that of an act of voting."""
    return ProblemResponse(document(error, op), _headers(error))


def _headers(error: NexusError) -> dict[str, str]:
    if isinstance(error, errors.TooMany | errors.Unavailable):
        return {"retry-after": str(max(1, math.ceil(error.after_s)))}
    if isinstance(error, errors.Unauthenticated):
        return {"www-authenticate": "Bearer"}
    if isinstance(error, BodyTooSlow):
        return {"connection": "close"}
    return {}


async def _translate(_: Request, error: Exception) -> Response:
    if isinstance(error, ActRefused):
        return problem(error.error, error.op)
    if isinstance(error, NexusError):
        return problem(error)
    if not isinstance(error, HTTPException):
        raise error
    answer = problem(_of_starlette(error.status_code))
    answer.headers.update(error.headers or {})  # Allow, with a 405
    return answer


def _of_starlette(status: int) -> NexusError:
    """What Starlette refuses by itself: a path without a route, or a method that the route does not have."""
    if status == 404:
        return errors.NotFound()
    return MethodNotAllowed() if status == 405 else errors.Malformed("The request is not valid.", code="bad_request")


HANDLERS: dict[type[Exception], ExceptionHandler] = dict.fromkeys((NexusError, ActRefused, HTTPException), _translate)
"""For Starlette's `exception_handlers`. Any other exception reaches `edge.Edge`."""
