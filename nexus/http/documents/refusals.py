"""Which errors a call may end in: those that all calls of its kind share, and those that its entry names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nexus import errors
from nexus.errors import (
    CategoryNotFound,
    EventNotFound,
    NexusError,
    NotFound,
    OptionNotFound,
    PollNotFound,
    UserNotFound,
)
from nexus.http.dependencies import RestCall
from nexus.http.framework.body import Upload
from nexus.http.framework.call import Nothing
from nexus.http.framework.problem import BodyTooLarge, BodyTooSlow, InternalError, UnsupportedMediaType, status_of

_NAME = re.compile(r"\{(\w+)\}")
# What a path names by an id, and the refusal where there is nothing of that id.
_MISSING: dict[str, type[NotFound]] = {
    "poll": PollNotFound,
    "event": EventNotFound,
    "option": OptionNotFound,
    "category": CategoryNotFound,
    "user": UserNotFound,
}


def refusals(call: RestCall) -> dict[int, list[type[NexusError]]]:
    """The errors of a call by their status, in order, each code once."""
    found: dict[int, dict[str, type[NexusError]]] = {}
    for kind in (*_of_its_kind(call), *call.raises):
        found.setdefault(status_of(kind()), {}).setdefault(kind.code, kind)
    return {status: list(found[status].values()) for status in sorted(found)}


def _of_its_kind(call: RestCall) -> Iterator[type[NexusError]]:
    """What an entry need not name. A wrong method (405) is an answer of the path, not of any call."""
    yield InternalError
    if not call.public:
        yield errors.Unauthenticated
    for name in _NAME.findall(call.path):
        yield _MISSING[name]
    if call.body is not Nothing:
        yield from (BodyTooSlow, BodyTooLarge)
        if call.body is not Upload:
            yield from (errors.Malformed, UnsupportedMediaType)
    if call.votes or not (call.body in (Nothing, Upload) and call.query is Nothing):
        yield errors.Invalid
    if not call.public or call.body is not Nothing:  # the database is involved: even a read commits what is due
        yield from (errors.Unavailable, errors.OutcomeUnknown)
