"""WebSocket frames (RFC 6455, section 5.2) as a client writes and reads them: small, whole, without extensions."""

from __future__ import annotations

import struct

TEXT = 0x81
CLOSE = 0x88
PING = 0x89
PONG = 0x8A

# A mask protects proxies, and there is none here: one of zeros costs nothing to apply.
_NO_MASK = b"\0\0\0\0"


def frame(payload: bytes, opcode: int = TEXT) -> bytes:
    """A whole frame of a client, of less than 64 KiB."""
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", opcode, 0x80 | size) + _NO_MASK + payload
    return struct.pack("!BBH", opcode, 0xFE, size) + _NO_MASK + payload


def split(data: bytes) -> tuple[list[tuple[int, bytes]], bytes]:
    """The whole frames of a server at the beginning of `data`, each as its first byte and payload; and what is left."""
    frames, at, size = [], 0, len(data)
    while size - at >= 2:
        length, start = data[at + 1], at + 2
        if length == 126:
            if size - at < 4:
                break
            length, start = (data[at + 2] << 8) | data[at + 3], at + 4
        elif length == 127:
            if size - at < 10:
                break
            length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
        if size - start < length:
            break
        frames.append((data[at], data[start : start + length]))
        at = start + length
    return frames, data[at:]


def upgrade(path: str, host: str, subprotocol: str = "") -> bytes:
    """The request that opens a WebSocket. Its key is the one of RFC 6455, section 1.3: nobody looks at the answer's."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        *([f"Sec-WebSocket-Protocol: {subprotocol}"] if subprotocol else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
