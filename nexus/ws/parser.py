"""websockets' parser, with a fast path for what nearly every read holds: exactly one small masked text."""

from __future__ import annotations

from websockets.frames import CloseCode as Code
from websockets.frames import Frame
from websockets.protocol import State
from websockets.server import ServerProtocol

from nexus.ws.close_codes import CloseCode

try:
    from websockets.speedups import apply_mask
except ImportError:  # no wheel with the extension for this platform
    from websockets.utils import apply_mask

TOO_MANY_FRAGMENTS = "too many fragments"
"""The reason that is sent with 1009 where it is not the size."""

_TEXT = 0x81  # final, no reserved bit, opcode 1 (RFC 6455, section 5.2)
_MASKED = 0x80
_HEAD = 6  # two bytes, and the mask
_SMALL = 125


class Parser(ServerProtocol):
    """A `ServerProtocol` that knows whether it is between two frames."""

    _between = False

    def fail(self, code: Code | int, reason: str = "") -> None:
        """Send a close frame, in our own words where a message is too large."""
        if code == CloseCode.TOO_BIG and reason != TOO_MANY_FRAGMENTS and self.max_message_size is not None:
            reason = f"message over {self.max_message_size} bytes"
        super().fail(code, reason)

    def receive_data(self, data: bytes | bytearray) -> None:
        """Parse `data`, as the base class does."""
        self._between = False
        super().receive_data(data)

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame; the parser is between frames if no byte of another has arrived."""
        super().recv_frame(frame)
        self._between = not self.reader.buffer

    def small_text(self, data: bytes) -> bytes | None:
        """The payload if `data` is one whole small text and nothing else; None where `receive_data` must parse it."""
        size = len(data) - _HEAD
        if not self._between or not 0 <= size <= _SMALL or data[0] != _TEXT or data[1] != _MASKED | size:
            return None
        if self.state is not State.OPEN or self.current_size is not None or self.extensions:
            return None
        return apply_mask(data[_HEAD:], data[2:_HEAD])
