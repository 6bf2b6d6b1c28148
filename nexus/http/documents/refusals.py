"""Which problems a call may end in: those of its kind, and those its entry in the table names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nexus import errors
from nexus.errors import NexusError, NotFound
from nexus.http.framework.call import Call, Nothing
from nexus.http.framework.problem import BodyTooLarge, BodyTooSlow, InternalError, UnsupportedMediaType, status_of

_NAME = re.compile(r"\{(\w+)\}")


def refusals(call: Call) -> dict[int, list[type[NexusError]]]:
    """The errors of a call by their status, in order, each code once."""
    found: dict[int, dict[str, type[NexusError]]] = {}
    for kind in (*_of_its_kind(call), *call.raises):
        found.setdefault(status_of(kind()), {}).setdefault(kind.code, kind)
    return {status: list(found[status].values()) for status in sorted(found)}


def _of_its_kind(call: Call) -> Iterator[type[NexusError]]:
    """What needs no word in the table. A wrong method (405) is an answer of the path, not of any call."""
    yield InternalError
    if not call.public:
        yield errors.Unauthenticated
    for name in _NAME.findall(call.path):
        yield _missing(name)
    if call.body is not Nothing:
        yield from (errors.Malformed, BodyTooSlow, BodyTooLarge, UnsupportedMediaType)
    if call.votes or not (call.body is Nothing and call.query is Nothing):
        yield errors.Invalid
    if not call.public or call.body is not Nothing:  # the database has a part in it: even a read settles what is due
        yield from (errors.Unavailable, errors.OutcomeUnknown)


def _missing(name: str) -> type[NexusError]:
    return next(kind for kind in NotFound.__subclasses__() if kind.code == f"{name}_not_found")
