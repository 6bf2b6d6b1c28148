"""JSON bodies and queries to typed values, or the error that says what is wrong with them."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import NoReturn, TypeVar

import msgspec
from starlette.requests import Request

from nexus.domain.faults import body_faults, query_faults, surrogate_faults
from nexus.domain.text import may_have_surrogates
from nexus.errors import Invalid, Malformed
from nexus.http.framework.problem import LARGE_BYTES, UnsupportedMediaType

T = TypeVar("T")

_JSON = re.compile(r"application/(json|[a-z0-9!#$&^_.-]+\+json)", re.IGNORECASE)


class Upload(msgspec.Struct, frozen=True):
    """A body that is a file: its bytes as they came, whatever the client says they are."""

    content: bytes = b""


async def read_body(request: Request, kind: type[T], *, optional: bool = False) -> T:
    """The JSON body as a `kind`, or any body as an `Upload`; an `optional` one may be absent or empty, whatever type it
    is declared to have, and is then as if it had no fields.

    Raises `UnsupportedMediaType`, `Malformed` for what is not valid JSON or empty, `Invalid` for a wrong shape,
    and what reading raises (`edge`).
    """
    if kind is Upload:
        return msgspec.convert({"content": await request.body()}, kind)
    raw = await request.body() if optional else b""
    if optional and not raw.strip():
        return kind()
    media_type = request.headers.get("content-type")
    if media_type is not None and not _is_json(media_type):
        raise UnsupportedMediaType
    raw = raw or await request.body()
    if not raw.strip():
        raise Malformed("The body is empty; this call needs a JSON object.")
    if media_type is None:
        raise UnsupportedMediaType
    # Naming every fault of a large body takes long: meanwhile everything else has its turn.
    return await asyncio.to_thread(decode, raw, kind) if len(raw) > LARGE_BYTES else decode(raw, kind)


def _is_json(media_type: str) -> bool:
    name, *parameters = (part.strip() for part in media_type.split(";"))
    charsets = [part.partition("=")[2] for part in parameters if part.lower().startswith("charset=")]
    return bool(_JSON.fullmatch(name)) and all(one.strip('"').lower() in ("utf-8", "utf8") for one in charsets)


def decode(raw: bytes, kind: type[T]) -> T:
    """`raw` as a `kind`, strictly. Raises `Malformed` or `Invalid`."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError as error:
        # The decoder stops at the first wrong field; whether the rest is JSON is still to be checked.
        _check_syntax(raw)
        raise Invalid(errors=body_faults(raw, kind, str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _check_syntax(raw)
        raise Malformed from None


def _check_syntax(raw: bytes) -> None:
    """Raise `Malformed` for what RFC 8259 does not allow, `Invalid` for text that cannot be stored.

    The grammar allows the escape of a lone surrogate (section 8.2), which msgspec treats as a syntax error.
    """
    try:
        text = raw.decode("utf-8")
        value: object = json.loads(text, parse_constant=_refuse_constant, parse_int=_ignored, parse_float=_ignored)
    except (ValueError, RecursionError):
        raise Malformed from None
    if may_have_surrogates(text) and (bad := surrogate_faults(value)):
        raise Invalid(errors=bad)


def _ignored(number: str) -> None:
    """A number, which may be longer than Python is willing to parse."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


def read_query(values: Mapping[str, str], kind: type[T]) -> T:
    """The parameters of a query as a `kind`; an empty one counts as absent, an unknown one is ignored.

    Raises `Invalid`.
    """
    try:
        found = msgspec.convert({name: value for name, value in values.items() if value}, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(errors=query_faults(values, kind, str(error))) from None
    # msgspec takes the word null for None, and a filter without a value would match everything.
    nulls = [name for name, value in values.items() if value and getattr(found, name, value) is None]
    if nulls:
        raise Invalid(errors=tuple((name, "must not be null") for name in nulls))
    return found
