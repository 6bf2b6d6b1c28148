"""The opening handshake of a socket (RFC 6455, section 4.2): what a request for one says, and how it is answered."""

from __future__ import annotations

import binascii
from collections.abc import Iterable
from hashlib import sha1
from http import HTTPStatus
from secrets import token_hex
from typing import NamedTuple

from nexus.domain.problem import PROBLEM_TYPE, problem_bytes

MOST_HEADERS = 128
"""The most headers that a handshake may have."""
LINE_BYTES = 8192
"""The longest line of a handshake."""

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_KEY_BYTES = 16
_VERSION = b"13"
_ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "

Headers = list[tuple[bytes, bytes]]


class RefusedHandshake(Exception):
    """The request asks for no socket, or not as it should; `headers` belong to the answer."""

    def __init__(self, status: int, code: str, detail: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        super().__init__(status, detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = list(headers)


class Handshake(NamedTuple):
    """A request for a socket, as far as HTTP goes: who may open one is for others to say."""

    path: bytes
    query: bytes
    headers: Headers
    """Their names in lower case."""
    key: bytes
    subprotocols: list[str]


def read_handshake(head: bytes) -> Handshake:
    """The handshake in the whole head of a request. Raises RefusedHandshake."""
    lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    if len(lines) > MOST_HEADERS + 1 or max(map(len, lines)) > LINE_BYTES:
        raise RefusedHandshake(431, "head_too_large", f"More than {MOST_HEADERS} headers, or a line over 8 KiB.")
    method, _, rest = lines[0].partition(b" ")
    target, _, version = rest.partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise _bad("The request is not valid HTTP.")
    headers = [_header(line) for line in lines[1:]]
    _check_request(method, headers)
    key = _only(headers, b"sec-websocket-key")
    if not _is_key(key):
        raise _bad("Sec-WebSocket-Key must be 16 bytes in Base64.")
    if _only(headers, b"sec-websocket-version") != _VERSION:
        raise _bad("Sec-WebSocket-Version must be 13.", [(b"sec-websocket-version", _VERSION)])
    path, _, query = target.partition(b"?")
    offered = _tokens(headers, b"sec-websocket-protocol")
    return Handshake(path, query, headers, key, [one.decode("latin-1") for one in offered])


def accepting(key: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The answer that opens the socket whose handshake has `key`."""
    digest = sha1(key + _GUID, usedforsecurity=False).digest()
    more = b"".join(b"%b: %b\r\n" % header for header in headers)
    return _ACCEPTED + binascii.b2a_base64(digest, newline=False) + b"\r\n" + more + b"\r\n"


def refusing(status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bytes:
    """An answer that opens no socket, and closes the connection; `headers` have names in lower case."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    given = list(headers)
    names = {name for name, _ in given}
    always = ((b"content-length", str(len(body)).encode()), (b"connection", b"close"))
    given += [header for header in always if header[0] not in names]
    lines = [f"HTTP/1.1 {status} {phrase}".encode(), *(b"%b: %b" % header for header in given), b"", b""]
    return b"\r\n".join(lines) + body


def refusal(status: int, code: str, detail: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> bytes:
    """`refusing` with a problem document, as every door answers."""
    return refusing(status, [*problem_headers(), *headers], problem_bytes(status, code, detail))


def problem_headers() -> Headers:
    """What goes with a problem document."""
    return [
        (b"content-type", PROBLEM_TYPE.encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"x-request-id", token_hex(8).encode()),
    ]


def _bad(detail: str, headers: Iterable[tuple[bytes, bytes]] = ()) -> RefusedHandshake:
    return RefusedHandshake(HTTPStatus.BAD_REQUEST, "bad_request", detail, headers)


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon:
        raise _bad("The request is not valid HTTP.")
    return name.lower(), value.strip()


def _check_request(method: bytes, headers: Headers) -> None:
    if method != b"GET":
        raise RefusedHandshake(405, "method_not_allowed", "A handshake is a GET.", [(b"allow", b"GET")])
    upgrade = [one.lower() for one in _tokens(headers, b"upgrade")]
    connection = [one.lower() for one in _tokens(headers, b"connection")]
    if upgrade != [b"websocket"] or b"upgrade" not in connection:
        raise RefusedHandshake(
            HTTPStatus.UPGRADE_REQUIRED, "bad_request", "Only an upgrade to websocket is possible here.", _UPGRADE
        )
    if _values(headers, b"transfer-encoding") or set(_values(headers, b"content-length")) - {b"0"}:
        raise _bad("A handshake has no body.")
    if len(_values(headers, b"origin")) > 1:
        raise _bad("More than one Origin.")


_UPGRADE = ((b"upgrade", b"websocket"), (b"connection", b"upgrade, close"))


def _is_key(key: bytes) -> bool:
    try:
        return len(binascii.a2b_base64(key, strict_mode=True)) == _KEY_BYTES
    except binascii.Error:
        return False


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for one, value in headers if one == name]


def _only(headers: Headers, name: bytes) -> bytes:
    values = _values(headers, name)
    return values[0] if len(values) == 1 else b""


def _tokens(headers: Headers, name: bytes) -> list[bytes]:
    return [token for value in _values(headers, name) for one in value.split(b",") if (token := one.strip())]
