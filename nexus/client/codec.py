"""Frames and messages: how a client reads and writes JSON (docs/contract.md, "WebSocket")."""

from __future__ import annotations

import logging

import msgspec

from nexus.client.messages import (
    Entered,
    Error,
    Expiring,
    Joined,
    Of,
    Pong,
    Ready,
    Unasked,
    Verdict,
    Waiting,
    Welcome,
)

logger = logging.getLogger(__name__)

LONGEST_BYTES = 16 * 1024
"""Of a message to the server."""

Message = Unasked | Joined | Entered | Welcome | Verdict | Pong | Expiring | Waiting | Ready | Error

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
_peek = msgspec.json.Decoder(Of)
_TYPES = frozenset(
    {
        *("totals", "poll", "presence", "deleted", "joined", "entered", "shown", "welcome", "ack", "reject", "retry"),
        *("pong", "expiring", "waiting", "ready", "error"),
    }
)


def decode(data: bytes) -> Message | None:
    """Returns the message in a frame, or None for one that this client does not know."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        try:
            known = _peek.decode(data).type in _TYPES
        except (msgspec.DecodeError, UnicodeDecodeError):
            known = True
        if known:
            logger.warning("could not read a frame of the server: %s", error)
        return None


def encode(kind: str, **fields: object) -> str:
    """Returns a message to the server, without the fields that are None. Raises ValueError if it is too long."""
    body = {"type": kind} | {name: value for name, value in fields.items() if value is not None}
    data = msgspec.json.encode(body)
    if len(data) > LONGEST_BYTES:
        raise ValueError(f"a {kind} may have {LONGEST_BYTES} bytes, not {len(data)}")
    return data.decode()
