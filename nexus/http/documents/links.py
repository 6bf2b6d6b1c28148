"""Where an answer leads: from what was created to every call on it, and from a login to the uses of its tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from nexus.http.dependencies import RestCall
from nexus.http.documents import Json

_NAME = re.compile(r"/([^/]+)/\{(\w+)\}")

# Answers that lead back to a poll, and where its id is.
_POLL_OF: dict[str, str] = {
    "polls_join": "$response.body#/id",
    "guests_enter": "$response.body#/poll",
    "options_add": "$request.path.poll",
    "votes_cast": "$response.body#/poll",
}

_REFRESH = {"refresh": "$response.body#/refresh"}
# What the body of one call takes from the answer of another, by the operation ids of the answer and of the call.
_BODIES: dict[tuple[str, str], dict[str, str]] = {
    ("accounts_register", "accounts_log_in"): {
        "username": "$request.body#/username",
        "password": "$request.body#/password",
    },
    ("accounts_log_in", "accounts_refresh"): _REFRESH,
    ("accounts_refresh", "accounts_refresh"): _REFRESH,
    ("accounts_log_in", "accounts_log_out"): _REFRESH,
    ("accounts_refresh", "accounts_log_out"): _REFRESH,
    ("polls_create", "polls_join"): {"code": "$response.body#/code"},
    ("polls_create", "guests_enter"): {"code": "$response.body#/code"},
    ("polls_create", "votes_cast"): {"option": "$response.body#/options/0/id"},
    ("polls_join", "votes_cast"): {"option": "$response.body#/options/0/id"},
    ("options_add", "votes_cast"): {"option": "$response.body#/id"},
}

# Calls that any token leads to.
_PLAIN = frozenset({"accounts_me"})


def operation_id(call: RestCall) -> str:
    """The unique name of a call: that of its file, and that of its handler."""
    return f"{call.module.rpartition('.')[2]}_{call.name}"


def links(call: RestCall, calls: Sequence[RestCall]) -> Json:
    """The links of a call's answers, by the operation ids they lead to."""
    return dict(sorted(_links(call, calls)))


def _links(call: RestCall, calls: Sequence[RestCall]) -> Iterator[tuple[str, Json]]:
    here = operation_id(call)
    names = {thing: name for one in calls for thing, name in _NAME.findall(one.path)}
    made = names.get(call.path.rpartition("/")[2]) if call.method == "POST" and _has_id(call.answer) else None
    values = {made: "$response.body#/id"} if made else {}
    values |= {"poll": _POLL_OF[here]} if here in _POLL_OF else {}
    for one in calls:
        there = operation_id(one)
        needs = set(re.findall(r"\{(\w+)\}", one.path))
        if needs and made not in needs and not (one.votes or one.method == "GET"):
            continue  # those who enter or vote are not the host
        body = _BODIES.get((here, there))
        if needs <= values.keys() and (needs or body or (there in _PLAIN and "access" in _fields(call.answer))):
            parameters = {"parameters": {name: values[name] for name in sorted(needs)}} if needs else {}
            yield there, {"operationId": there, **parameters, **({"requestBody": body} if body else {})}


def _fields(kind: type[object]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind))  # type: ignore[arg-type]


def _has_id(kind: type[object]) -> bool:
    return "id" in _fields(kind)
