"""The codes with which a socket is closed: one table for the server, and for what clients are told of it."""

from __future__ import annotations

from enum import IntEnum
from typing import Self

SHUTTING_DOWN = "server shutting down"
"""The reason that is sent with 1012."""


class CloseCode(IntEnum):
    """A WebSocket close code that the server sends or reports
    (docs/contract.md, "Close codes"; RFC 6455, section 7.4.1).

    `meaning` and `come_back` (whether to connect again) are the words of the AsyncAPI document, which lists the codes
    that have them. From 4400 to 4499 a client may come back after a back-off, from 4500 to 4599 not by itself.
    """

    meaning: str
    come_back: str

    def __new__(cls, code: int, meaning: str = "", come_back: str = "") -> Self:
        """A member from its row."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.come_back = come_back
        return member

    NORMAL = 1000
    GOING_AWAY = (1001, "the server is shutting down", "yes, with jitter")
    PROTOCOL_ERROR = 1002
    NO_CODE = 1005  # never sent, only reported
    NO_CLOSE_FRAME = 1006  # likewise
    NOT_UTF8 = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = (1009, "a message over 16 KiB, or in too many fragments", "no")
    FAILED = 1011
    SERVICE_RESTART = (1012, "the server is shutting down", "yes, with jitter")
    NO_HELLO = (4408, "no hello within 10 s", "after a back-off")
    TOO_SLOW = (4409, "the client reads too slowly", "after a back-off")
    TOO_MANY_MESSAGES = (4429, "too many messages", "after a back-off")
    WRONG_PROTOCOL = (4500, "not this protocol: a binary frame, or another subprotocol", "no")
    TOKEN_ENDED = (4501, "the token is invalid or has expired, or its account or login has ended", "with a new token")
    SUBJECT_CHANGED = (4503, "a token of another subject on the same socket", "no")


def documented() -> list[CloseCode]:
    """The codes that clients are told of, in order."""
    return [code for code in CloseCode if code.meaning]
