"""Messages that are none of ours: what of them is readable all the same, and what is wrong (contract, section 3)."""

from __future__ import annotations

import contextlib
import json
import math
from typing import NoReturn, TypeGuard
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from nexus.domain.text import has_lone_surrogate
from nexus.errors import NexusError

_TYPES = frozenset({"hello", "join", "leave", "vote", "retract", "ping"})
_DIGITS = 1000
"""The longest number that is sent back: Python reads no integer of more than some thousands (`sys.int_info`)."""


class Of(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was readable of a message that went wrong."""

    type: str | UnsetType = UNSET
    op: str | UnsetType = UNSET
    id: int | str | UnsetType = UNSET
    poll: int | UnsetType = UNSET


class Unreadable(NexusError):
    """A message that is not one of the client's; `of` is what was readable of it."""

    def __init__(self, detail: str, *, code: str, of: Of, op: UUID | None) -> None:
        super().__init__(detail, code=code)
        self.of = of
        self.op = op
        """The op of a vote or retraction, which is owed an answer."""


def unreadable(text: str, detail: str) -> Unreadable:
    """What is wrong with a message; read once more, leniently, since a vote is owed an answer wherever its op is."""
    try:
        raw = json.loads(text, parse_int=_int, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return Unreadable(f"This is not JSON: {detail}", code="malformed", of=Of(), op=None)
    if not isinstance(raw, dict):
        return Unreadable("A message is one JSON object.", code="invalid", of=Of(), op=None)
    of, kind = readable(raw), raw.get("type")
    if isinstance(kind, str) and kind not in _TYPES:
        return Unreadable("There is no such type of message.", code="unknown_type", of=of, op=None)
    op = None
    if kind in ("vote", "retract") and isinstance(of.op, str):
        op = UUID(of.op)
    return Unreadable(detail, code="invalid", of=of, op=op)


def _int(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS else math.inf


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def readable(raw: dict[str, object]) -> Of:
    """What can be said of a message, each field by itself."""
    kind, op, id, poll = (raw.get(name) for name in ("type", "op", "id", "poll"))
    known_op: str | UnsetType = UNSET
    if isinstance(op, str):
        with contextlib.suppress(msgspec.ValidationError, UnicodeError):
            known_op = str(msgspec.convert(op, UUID))
    return Of(
        type=kind[:40] if _is_text(kind) else UNSET,
        op=known_op,
        id=id if _is_int(id) or _is_text(id) else UNSET,
        poll=poll if _is_int(poll) else UNSET,
    )


def _is_int(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> TypeGuard[str]:
    """Whether this is a text that can be sent back: one without lone surrogates."""
    return isinstance(value, str) and not has_lone_surrogate(value)
