"""Problem documents (RFC 9457): what every door answers where it refuses (docs/contract.md, "Errors")."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

PROBLEM_TYPE = "application/problem+json"
"""The media type of a problem document."""


class FieldError(msgspec.Struct, frozen=True):
    """One broken rule: the field, as a path such as `options[1].option_text`, and what is wrong with it."""

    field: str
    message: str


class ProblemDocument(msgspec.Struct, frozen=True):
    """What was refused, and why. `code` is stable; `op` names the act of voting that was refused."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldError] | UnsetType = UNSET
    op: UUID | UnsetType = UNSET


def problem_document(
    status: int, code: str, detail: str, *, errors: Iterable[tuple[str, str]] = (), op: UUID | None = None
) -> ProblemDocument:
    """The document of a refusal with the HTTP status `status`; `errors` are (field, message)."""
    return ProblemDocument(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        errors=[FieldError(field, message) for field, message in errors] or UNSET,
        op=UNSET if op is None else op,
    )


def problem_bytes(status: int, code: str, detail: str) -> bytes:
    """`problem_document` as it is sent, where neither a field nor an act of voting is named."""
    return msgspec.json.encode(problem_document(status, code, detail))
