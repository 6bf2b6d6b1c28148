"""Messages that could not be read: what is wrong with them, and what is readable all the same
(docs/contract.md, "WebSocket")."""

from __future__ import annotations

import contextlib
import json
import math
import re
from typing import NoReturn, TypeGuard
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.faults import fault, surrogate_faults
from nexus.domain.text import has_lone_surrogate, may_have_surrogates
from nexus.errors import NexusError

_TYPES = frozenset({"hello", "wait", "join", "leave", "vote", "retract", "ping"})
# The longest number that is sent back: Python reads no integer of more than some thousands (`sys.int_info`).
_MAX_DIGITS = 1000
_LONG_NUMBER = re.compile(rf"[0-9]{{{_MAX_DIGITS + 1}}}")
_INTEGER = re.compile(rb"-?[0-9]{1,%d}" % _MAX_DIGITS)
# What an outline tells of.
_OUTLINED = frozenset({"type", "op", "id", "poll", "event"})
# Of an unknown type, so many characters are sent back.
_MAX_TYPE = 40


class MessageOutline(msgspec.Struct, frozen=True, omit_defaults=True):
    """What could be read of a message that was refused; fields that could not be read are absent."""

    type: str | UnsetType = UNSET
    op: str | UnsetType = UNSET
    id: int | str | UnsetType = UNSET
    poll: int | UnsetType = UNSET
    event: int | UnsetType = UNSET


class Unreadable(NexusError):
    """A message that could not be read as one of the client's; `of` is what could be read of it."""

    def __init__(self, detail: str, *, code: str, of: MessageOutline, op: UUID | None) -> None:
        super().__init__(detail, code=code)
        self.of = of
        self.op = op
        """The op of a vote or retraction, which is owed an answer by op; None for anything else."""


def unreadable(text: str, detail: str) -> Unreadable:
    """Returns what is wrong with `text`, of which the decoder said `detail`.

    The text is read once more, leniently: a vote is owed an answer by its op wherever that can be read.
    """
    try:
        raw = _outer(text)
    except (ValueError, RecursionError):
        return Unreadable("The message is not valid JSON.", code="malformed", of=MessageOutline(), op=None)
    if not isinstance(raw, dict):
        return Unreadable("A message must be a JSON object.", code="invalid", of=MessageOutline(), op=None)
    of, kind = outline_of(raw), raw.get("type")
    if isinstance(kind, str) and kind not in _TYPES:
        return Unreadable("There is no message of this type.", code="unknown_type", of=of, op=None)
    op = None
    if kind in ("vote", "retract") and isinstance(of.op, str):
        op = UUID(of.op)
    lone = surrogate_faults(raw, whole="message") if may_have_surrogates(text) else ()
    field, wrong = next(iter(lone), fault(detail, object, whole="message"))
    return Unreadable(f"{field}: {wrong}", code="invalid", of=of, op=op)


def _outer(text: str) -> object:
    """The value, of which an object has what an outline tells, and where a text may be at fault everything.

    Bad messages must be cheap: reading all of one with Python's parser takes milliseconds, if it has thousands of
    numbers. Raises ValueError or RecursionError for what is not valid JSON.
    """
    try:
        parts = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return msgspec.json.decode(text, type=msgspec.Raw)  # valid, if anything, but no object
    except msgspec.DecodeError:
        if not may_have_surrogates(text):
            raise
        # The grammar allows a lone one (RFC 8259, section 8.2), which msgspec takes for a fault of syntax.
        digits = _int if _LONG_NUMBER.search(text) else None
        return json.loads(text, parse_int=digits, parse_constant=_no_constant)
    return {name: _value(part) for name, part in parts.items() if name in _OUTLINED}


def _value(part: msgspec.Raw) -> object:
    """A value of an outline; None for one that is beyond every bound."""
    with contextlib.suppress(msgspec.ValidationError, RecursionError):
        return msgspec.json.decode(part)
    number = bytes(part)
    return int(number) if _INTEGER.fullmatch(number) else None


def _int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MAX_DIGITS else math.inf


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON")


def outline_of(raw: dict[str, object]) -> MessageOutline:
    """Returns what can be read of a message, each field by itself."""
    kind, op, ping_id, poll, event = (raw.get(name) for name in ("type", "op", "id", "poll", "event"))
    known_op: str | UnsetType = UNSET
    if isinstance(op, str):
        with contextlib.suppress(msgspec.ValidationError, UnicodeError):
            known_op = str(msgspec.convert(op, UUID))
    return MessageOutline(
        type=kind[:_MAX_TYPE] if _is_text(kind) else UNSET,
        op=known_op,
        id=ping_id if _is_int(ping_id) or _is_text(ping_id) else UNSET,
        poll=poll if _is_int(poll) else UNSET,
        event=event if _is_int(event) else UNSET,
    )


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> TypeGuard[str]:
    """Whether `value` is a text that can be sent back: one without lone surrogates."""
    return isinstance(value, str) and not has_lone_surrogate(value)
