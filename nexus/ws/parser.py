"""The frames of a client, and the control frames of a server (RFC 6455, section 5): functions of bytes, without state.

What does not fit is refused as soon as the head of a frame shows it, before its payload has arrived, so a peer can make
the server keep no more than one frame of an allowed size.
"""

from __future__ import annotations

from typing import NamedTuple

from nexus.ws.close_codes import CloseCode

try:  # the one thing that Python is slow at
    from websockets.speedups import apply_mask
except ImportError:  # no wheel with the extension for this platform
    from websockets.utils import apply_mask

CONT = 0x0
TEXT = 0x1
BINARY = 0x2
CLOSE = 0x8
PING = 0x9
PONG = 0xA
FIN = 0x80

PING_FRAME = bytes((FIN | PING, 0))
"""A server's ping: the answer to it need not name it, since whatever a peer sends proves that it is there."""

_OPCODES = frozenset((CONT, TEXT, BINARY, CLOSE, PING, PONG))
_MASKED = 0x80
_RESERVED = 0x70
_CONTROL = 0x8
_WHOLE_TEXT = FIN | TEXT
_SHORT_HEAD = 6  # two bytes, and the mask
_SHORT = 125
# RFC 6455, section 5.5: a control frame holds 125 bytes, and the code takes 2.
_REASON_BYTES = 123
# The codes below 3000 that a close frame may carry: RFC 6455, section 7.4.1, and the registry that it founded.
_CODES = frozenset((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014))
_LEAST_FREE_CODE = 3000
_MOST_FREE_CODE = 4999


class BadFrame(Exception):
    """The connection has to be failed with `code` (RFC 6455, section 7.1.7)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class ClientFrame(NamedTuple):
    """One whole frame: its first byte without reserved bits, its payload unmasked, and where the next one begins."""

    first: int
    payload: bytes
    end: int


def short_text(data: bytes) -> bytes | None:
    """The payload if `data` is one whole text of at most 125 bytes and nothing else, as nearly every read is; None
    where `read_frame` must look."""
    size = len(data) - _SHORT_HEAD
    if not 0 <= size <= _SHORT or data[0] != _WHOLE_TEXT or data[1] != _MASKED | size:
        return None
    return apply_mask(data[_SHORT_HEAD:], data[2:_SHORT_HEAD])


def read_frame(data: bytes, start: int, most: int, *, in_message: bool) -> ClientFrame | None:
    """The frame that begins at `start`; None while some of it has not arrived.

    `most` is how many bytes of payload a data frame may have, `in_message` whether a message in fragments is under
    way. Raises BadFrame, with 1009 for a payload over `most`, else with 1002.
    """
    if len(data) < start + 2:
        return None
    first, second = data[start], data[start + 1]
    _check_first(first, second, in_message)
    size, at = second & 0x7F, start + 2
    if size > _SHORT:
        at += 2 if size == _SHORT + 1 else 8
        if len(data) < at:
            return None
        size = _long_size(first, int.from_bytes(data[start + 2 : at]), at - start - 2)
    if size > most and not first & _CONTROL:
        raise BadFrame(CloseCode.TOO_BIG, "")
    end = at + 4 + size
    if len(data) < end:
        return None
    return ClientFrame(first, apply_mask(data[at + 4 : end], data[at : at + 4]), end)


def _check_first(first: int, second: int, in_message: bool) -> None:
    opcode = first & 0x0F
    if opcode not in _OPCODES:
        raise BadFrame(CloseCode.PROTOCOL_ERROR, "invalid opcode")
    if not second & _MASKED:
        raise BadFrame(CloseCode.PROTOCOL_ERROR, "frame without a mask")
    if first & _RESERVED:
        raise BadFrame(CloseCode.PROTOCOL_ERROR, "reserved bits must be 0")
    if opcode & _CONTROL:
        if not first & FIN:
            raise BadFrame(CloseCode.PROTOCOL_ERROR, "fragmented control frame")
    elif (opcode == CONT) != in_message:
        expected = "expected a continuation frame" if in_message else "unexpected continuation frame"
        raise BadFrame(CloseCode.PROTOCOL_ERROR, expected)


def _long_size(first: int, size: int, length_bytes: int) -> int:
    if first & _CONTROL:
        raise BadFrame(CloseCode.PROTOCOL_ERROR, "control frame too long")
    if size <= (_SHORT if length_bytes == 2 else 0xFFFF):
        raise BadFrame(CloseCode.PROTOCOL_ERROR, "length not written as short as possible")
    return size


def read_close(payload: bytes) -> int:
    """The code of a client's close frame; 1005 where it names none (RFC 6455, section 7.1.5).

    Raises BadFrame for a code that must not be sent and for a reason that is not UTF-8.
    """
    if not payload:
        return CloseCode.NO_CODE
    try:
        payload[2:].decode()
    except UnicodeDecodeError as error:
        raise BadFrame(CloseCode.NOT_UTF8, "reason not in UTF-8") from error
    code = int.from_bytes(payload[:2])
    if len(payload) < 2 or not (code in _CODES or _LEAST_FREE_CODE <= code <= _MOST_FREE_CODE):
        raise BadFrame(CloseCode.PROTOCOL_ERROR, "invalid close frame")
    return code


def control_frame(opcode: int, payload: bytes) -> bytes:
    """A server's control frame; `payload` has at most 125 bytes."""
    return bytes((FIN | opcode, len(payload))) + payload


def close_frame(code: int, reason: str) -> bytes:
    """A server's close frame, with as much of `reason` as fits."""
    return control_frame(CLOSE, code.to_bytes(2) + clipped(reason).encode())


def clipped(reason: str) -> str:
    """As much of `reason` as fits into a close frame."""
    return reason.encode()[:_REASON_BYTES].decode(errors="ignore")
