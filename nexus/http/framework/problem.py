"""Errors as problem documents (RFC 9457): the one translation at this edge (contract, section 2)."""

from __future__ import annotations

import math
from http import HTTPStatus
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from nexus import errors
from nexus.errors import NexusError


class FieldError(msgspec.Struct, frozen=True):
    """One broken rule: the field, as a path such as `options[1].option_text`, and what is wrong with it."""

    field: str
    message: str


class Problem(msgspec.Struct, frozen=True):
    """A problem document. `code` is stable; `op` names the act of voting that was refused."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | UnsetType = UNSET
    op: UUID | UnsetType = UNSET


class BodyTooLarge(NexusError):
    """The body is larger than any call needs."""

    code = "body_too_large"
    default = "The body is larger than 64 KiB."


class BodyTooSlow(NexusError):
    """The body did not come in time."""

    code = "request_timeout"
    default = "The body did not arrive in time."


class UnsupportedMediaType(NexusError):
    """The body does not say that it is JSON."""

    code = "unsupported_media_type"
    default = "The body must be JSON, sent as application/json in UTF-8."


class MethodNotAllowed(NexusError):
    """The path is there and has no such method."""

    code = "method_not_allowed"
    default = "This path does not know this method."


class InternalError(NexusError):
    """A fault of ours; what it was stands in the log alone."""

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
    """The HTTP status of an error; 500 for one that says nothing of the request."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def document(error: NexusError, op: UUID | None) -> Problem:
    """What is told of `error`, for an act of voting with its `op`."""
    status = status_of(error)
    fields = error.errors if isinstance(error, errors.Invalid) else ()
    return Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=error.detail,
        code=error.error_code,
        errors=[FieldError(field, message) for field, message in fields] or UNSET,
        op=UNSET if op is None else op,
    )


def problem(error: NexusError, op: UUID | None = None) -> Response:
    """The answer to a request that ended in `error`, an act of voting's with its `op`."""
    told = document(error, op)
    return Response(
        msgspec.json.encode(told),
        status_code=told.status,
        headers={"cache-control": "no-store", **_headers(error)},
        media_type="application/problem+json",
    )


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
    """What Starlette refuses by itself: a path without a route, a method that a route lacks."""
    if status == 404:
        return errors.NotFound()
    return MethodNotAllowed() if status == 405 else errors.Malformed("The request is not valid.", code="bad_request")


HANDLERS: dict[type[Exception], ExceptionHandler] = dict.fromkeys((NexusError, ActRefused, HTTPException), _translate)
"""For Starlette's `exception_handlers`. What is none of these reaches `edge.Edge`."""
