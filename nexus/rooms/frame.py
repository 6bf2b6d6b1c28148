"""One encoded message, shared by all the sockets it goes to."""

import struct

# FIN set, no reserved bit, opcode 1.
_TEXT_FIN = 0x81
_LENGTH_16 = 126
_LENGTH_64 = 127


class Frame:
    """One JSON text in UTF-8 and its WebSocket frame, which is made when first asked for.

    A room writes the same object to thousands of sockets, so neither the text nor the header is encoded again.
    Treat it as immutable.
    """

    __slots__ = ("_wire", "text")

    def __init__(self, text: bytes) -> None:
        self.text = text
        self._wire: bytes | None = None

    @property
    def wire(self) -> bytes:
        """The complete unmasked text frame as a server sends it (RFC 6455, section 5.2)."""
        if self._wire is None:
            self._wire = _header(len(self.text)) + self.text
        return self._wire

    def __repr__(self) -> str:
        return f"Frame({self.text!r})"


def _header(length: int) -> bytes:
    """The header of a final, unmasked text frame with `length` bytes of payload."""
    if length < _LENGTH_16:
        return struct.pack("!BB", _TEXT_FIN, length)
    if length < 1 << 16:
        return struct.pack("!BBH", _TEXT_FIN, _LENGTH_16, length)
    return struct.pack("!BBQ", _TEXT_FIN, _LENGTH_64, length)
