"""One encoded message, shared by all the sockets it goes to."""

import struct

# FIN set, no reserved bit, opcode 1.
_TEXT_FIN = 0x81
_LENGTH_16 = 126
_LENGTH_64 = 127


class Frame:
    """One JSON text in UTF-8 and its WebSocket frame, made once for the thousands of sockets that it goes to.

    `wire` is the complete unmasked text frame as a server sends it (RFC 6455, section 5.2). Treat both as immutable.
    """

    __slots__ = ("text", "wire")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.wire = _header(len(text)) + text

    def __repr__(self) -> str:
        return f"Frame({self.text!r})"


def _header(length: int) -> bytes:
    """The header of a final, unmasked text frame with `length` bytes of payload."""
    if length < _LENGTH_16:
        return struct.pack("!BB", _TEXT_FIN, length)
    if length < 1 << 16:
        return struct.pack("!BBH", _TEXT_FIN, _LENGTH_16, length)
    return struct.pack("!BBQ", _TEXT_FIN, _LENGTH_64, length)
