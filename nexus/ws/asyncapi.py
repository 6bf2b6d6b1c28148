"""The AsyncAPI document (3.0) of `/ws`, made from the very types that are decoded and encoded."""

from __future__ import annotations

import inspect
from typing import Any, get_args

import msgspec

from nexus import __version__, errors
from nexus.domain.views import TotalsView
from nexus.ws import close_codes
from nexus.ws.endpoint import SUBPROTOCOL
from nexus.ws.example_messages import examples
from nexus.ws.messages import (
    Ack,
    ClientMessage,
    Deleted,
    Entered,
    Error,
    Expiring,
    Hello,
    Join,
    Joined,
    Leave,
    Left,
    Ping,
    PollFrame,
    Pong,
    Presence,
    Ready,
    Reject,
    Retract,
    Retry,
    ServerMessage,
    Shown,
    Vote,
    Wait,
    Waiting,
    Welcome,
)

Json = dict[str, Any]
Kind = type[msgspec.Struct]

ANSWERS: tuple[tuple[Kind, tuple[Kind, ...]], ...] = (
    (Hello, (Welcome, Error)),
    (Wait, (Waiting, Ready, Error)),
    (Join, (Joined, Entered, Error)),
    (Leave, (Left, Error)),
    (Vote, (Ack, Reject, Retry)),
    (Retract, (Ack, Reject, Retry)),
    (Ping, (Pong, Error)),
)
"""The messages of the client, each with what may answer it."""

UNASKED: tuple[Kind, ...] = (Ready, TotalsView, PollFrame, Shown, Deleted, Presence, Expiring, Error)
"""What the server sends unasked; an error among them, for what could not be read at all."""

REJECTIONS: tuple[type[errors.NexusError], ...] = (
    *(errors.Invalid, errors.Unauthenticated, errors.Forbidden, errors.PollNotFound),
    *(errors.PollNotOpen, errors.PollClosed, errors.PollReset),
    *(errors.AlreadyVoted, errors.VoteLimitReached, errors.ChangeNotAllowed),
    *(errors.NoChoice, errors.DuplicateChoice, errors.UnknownOption, errors.TooManyChoices, errors.OpReused),
)
"""The errors with which a vote or retraction is refused for good."""

ERROR_CODES = (
    *("malformed", "unknown_type", "invalid", "unauthenticated", "forbidden", "poll_not_found"),
    *("event_not_found", "too_many_rooms", "too_many_messages", "unavailable", "outcome_unknown"),
)
"""The codes of error frames."""

_REF = "#/components/schemas/{name}"
_CHANNEL = "#/channels/socket"
_DESCRIPTION = """\
Text frames with one JSON object each, at most 16 KiB. The first message within 10 s is `hello`, unless the handshake
carried `Authorization`, or `wait`, which needs no token. Joining is not required for voting, nor voting for watching.
Votes may be pipelined: `op` ties each to its answer, which is sent after the commit. Totals are complete snapshots,
ordered by `(epoch, version)`: show a frame only if it is newer than what is shown. Whoever follows an event is in the
room of the poll that it shows, and is moved by the server: `shown` says so. The server's messages may gain
fields; unknown fields in a client's are invalid. Polls are created and run over the REST interface, which `/api/docs/`
describes.
"""


def asyncapi() -> Json:
    """Returns the document. Its operations are the server's, as in AsyncAPI: it receives what a client sends."""
    kinds: tuple[Kind, ...] = (*get_args(ClientMessage), *get_args(ServerMessage))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Nexus WebSocket",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {"here": _server()},
        "channels": {"socket": _channel(kinds)},
        "operations": {
            **{f"receive_{name_of(kind)}": _receive(kind, answers) for kind, answers in ANSWERS},
            **{f"send_{name_of(kind)}": _send(kind) for kind in UNASKED},
        },
        "components": {
            "schemas": _schemas(kinds),
            "messages": {name_of(kind): _message(kind) for kind in kinds},
            "securitySchemes": {"bearer": _security()},
        },
    }


def name_of(kind: Kind) -> str:
    """The `type` of a message."""
    return str(kind.__struct_config__.tag)


def _server() -> Json:
    return {
        "host": "{host}",
        "protocol": "wss",
        "description": "This server; the protocol is `ws` where it is reached without TLS.",
        "variables": {"host": {"default": "localhost:8000"}},
        "security": [{"$ref": "#/components/securitySchemes/bearer"}],
    }


def _security() -> Json:
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token, in `hello` or in the handshake's Authorization header; never in a URL.",
    }


def _channel(kinds: tuple[Kind, ...]) -> Json:
    headers = {
        "Sec-WebSocket-Protocol": {"type": "string", "const": SUBPROTOCOL},
        "Authorization": {"type": "string", "description": "`Bearer` and a token, instead of a hello."},
    }
    return {
        "address": "/ws",
        "title": "The socket",
        "messages": {name_of(kind): {"$ref": f"#/components/messages/{name_of(kind)}"} for kind in kinds},
        "bindings": {
            "ws": {
                "method": "GET",
                "headers": {"type": "object", "properties": headers},
                "bindingVersion": "0.1.0",
            }
        },
        "x-subprotocol": SUBPROTOCOL,
        "x-close-codes": [
            {"code": code.value, "meaning": code.meaning, "come_back": code.come_back}
            for code in close_codes.documented()
        ],
    }


def _receive(kind: Kind, answers: tuple[Kind, ...]) -> Json:
    reply = {"channel": {"$ref": _CHANNEL}, "messages": [_in_channel(answer) for answer in answers]}
    return {**_operation("receive", kind), "reply": reply}


def _send(kind: Kind) -> Json:
    return _operation("send", kind)


def _operation(action: str, kind: Kind) -> Json:
    return {
        "action": action,
        "channel": {"$ref": _CHANNEL},
        "summary": _summary(kind),
        "messages": [_in_channel(kind)],
    }


def _in_channel(kind: Kind) -> Json:
    return {"$ref": f"{_CHANNEL}/messages/{name_of(kind)}"}


def _message(kind: Kind) -> Json:
    return {
        "name": name_of(kind),
        "title": name_of(kind),
        "summary": _summary(kind),
        "contentType": "application/json",
        "payload": {"$ref": _REF.format(name=kind.__name__)},
        "examples": [{"payload": shown} for shown in examples(kind)],
    }


def _summary(kind: Kind) -> str:
    return " ".join((inspect.getdoc(kind) or "").split())


def _schemas(kinds: tuple[Kind, ...]) -> Json:
    _, schemas = msgspec.json.schema_components(kinds, ref_template=_REF)
    codes = {Reject: [kind.code for kind in REJECTIONS], Error: list(ERROR_CODES)}
    for kind, known in codes.items():
        schemas[kind.__name__]["properties"]["code"]["enum"] = known
    return dict(sorted(schemas.items()))
