"""uvicorn's HTTP protocol with bounds on the head of a request, which it has none for.

A connection that says nothing, or half a request, would be held for ever, and one of endless headers would be read to
its end; both edges stand behind this one, since a WebSocket begins as a request.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from uuid import uuid4

import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_S = 10.0
"""From the connection, or the first byte of a later request, to the end of its headers."""
HEAD_BYTES = 32 * 1024


class HeadTooLarge(Exception):
    """Raised to the parser, which ends the request with 400."""


class Heads(HttpToolsProtocol):
    """Answers 408 to a head that takes longer than `HEAD_S`, 400 or 431 to one of more than `HEAD_BYTES`."""

    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._head_is_here()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, unless a header that has no end has been coming for too long: the parser would keep all of it."""
        if self._head_timer is not None:
            if self._unread > HEAD_BYTES:
                self._refuse(431, "head_too_large", "The head of the request is larger than 32 KiB.")
                return
            self._unread += len(data)
        super().data_received(data)

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head_bytes = 0
        if self._head_timer is None:
            self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        """Count it to the head."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count it to the head."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole; the body has bounds of its own (`http.edge`)."""
        self._head_is_here()
        super().on_headers_complete()

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES:
            raise HeadTooLarge

    def _wait_for_head(self) -> None:
        self._unread = 0
        self._head_timer = self.loop.call_later(
            HEAD_S, self._refuse, 408, "request_timeout", "The request did not begin in time."
        )

    def _head_is_here(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def send_400_response(self, msg: str) -> None:
        """What the parser does not take for HTTP; no application gets to see it."""
        self._refuse(400, "bad_request", "The request is not valid HTTP, or its head is larger than 32 KiB.")

    def _refuse(self, status: int, code: str, detail: str) -> None:
        self._head_is_here()
        if not self.transport.is_closing():
            self.transport.write(_refusal(status, code, detail))
            self.transport.close()


def _refusal(status: int, code: str, detail: str) -> bytes:
    """A problem document (RFC 9457), as every other refusal is one."""
    title = HTTPStatus(status).phrase
    body = msgspec.json.encode(
        {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code}
    )
    headers = {
        "content-type": "application/problem+json",
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-request-id": uuid4().hex,
        "connection": "close",
    }
    lines = [f"HTTP/1.1 {status} {title}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + body
