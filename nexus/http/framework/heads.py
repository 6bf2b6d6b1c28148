"""uvicorn's HTTP protocol with bounds on the head of a request, which uvicorn does not limit.

A connection that sends nothing, or half a request, would be held for ever, and endless headers would be kept until
memory ran out. Both REST and WebSocket traffic passes through here, since a WebSocket begins as a request.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from secrets import token_hex

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from nexus.access.work import BUDGET, BYTES, CONNECTION, REQUEST, Meter, WorkBudget
from nexus.domain.problem import PROBLEM_TYPE, problem_bytes

HEAD_S = 10.0
"""From the connection, or the first byte of a later request, to the end of its headers."""
HEAD_BYTES = 32 * 1024
"""Of a request's line and headers together."""


MOST_PIPELINED = 16
"""Requests that may wait behind one that is being answered, for a client that sends them ahead."""


class TooManyPipelined(Exception):
    """Raised to the parser, which then stops."""


class HeadTooLarge(Exception):
    """Raised to the parser, which ends the request with 400."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """Answers 408 to a head that takes longer than `HEAD_S`, 400 or 431 to one of more than `HEAD_BYTES`."""

    _meter: Meter | None = None
    _resting: asyncio.TimerHandle | None = None
    _is_deaf = False
    _head_timer: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for the first request."""
        super().connection_made(transport)
        self._wait_for_head()
        budget = self.app_state.get(BUDGET)
        if isinstance(budget, WorkBudget) and self.client is not None:
            self._meter = budget.of_peer(self.client[0])
            self._charge(CONNECTION)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._head_is_here()
        if self._resting is not None:
            self._resting.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, unless one header has grown beyond the bound without an end: the parser would keep all of it."""
        if self._is_deaf:
            return
        if self._head_timer is not None:
            if self._unread > HEAD_BYTES:
                self._refuse(431, "head_too_large", "The head of the request is larger than 32 KiB.")
                return
            self._unread += len(data)
        self._parse(data)
        self._charge(1 + len(data) // BYTES)

    def _parse(self, data: bytes) -> None:
        """As uvicorn does, without a line in the log for whatever a stranger sends."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.send_400_response("")
        except httptools.HttpParserUpgrade:
            if self._should_upgrade():
                self.handle_websocket_upgrade()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._head_bytes = 0
        if self._head_timer is None:
            self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        """Count it as part of the head."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count it as part of the head."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete; the body has bounds of its own (`http.framework.edge`)."""
        self._head_is_here()
        if len(self.pipeline) >= MOST_PIPELINED:
            self._stop_reading()
        super().on_headers_complete()
        self._charge(REQUEST)

    def on_response_complete(self) -> None:
        """Read on, unless more requests wait: uvicorn would, and keep whatever comes."""
        super().on_response_complete()
        if self.pipeline or self._resting is not None:
            self.flow.pause_reading()

    def _stop_reading(self) -> None:
        """Answer the requests that are here, and then close: nobody but an attacker sends so many ahead."""
        self._is_deaf = True
        self.pipeline[0][0].keep_alive = False
        raise TooManyPipelined

    def _charge(self, messages: int) -> None:
        """Charge the other end, and read nothing from it while it is over its pace."""
        wait_s = 0.0 if self._meter is None else self._meter.charge(messages)
        if wait_s and self._resting is None and not self.transport.is_closing():
            self.flow.pause_reading()
            self._head_is_here()
            self._resting = self.loop.call_later(wait_s, self._read_on)

    def _read_on(self) -> None:
        self._resting = None
        if self.transport.is_closing() or self.pipeline:
            return
        cycle: RequestResponseCycle | None = self.cycle
        parser: object | None = self.parser  # None where it is a socket by now
        if parser is not None and (cycle is None or cycle.response_complete):
            self._wait_for_head()
        self.flow.resume_reading()

    def handle_websocket_upgrade(self) -> None:
        """Hand the socket over. What has read its head refers to itself in a circle, and would lie about until the
        cycle collector comes: of an audience that arrives at once that is more than all else that stays."""
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEAD_BYTES:
            raise HeadTooLarge

    def _wait_for_head(self) -> None:
        self._unread = 0
        self._head_timer = self.loop.call_later(
            HEAD_S, self._refuse, 408, "request_timeout", "The head of the request did not arrive in time."
        )

    def _head_is_here(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser does not accept as HTTP; the application never sees it."""
        if self._is_deaf:
            return
        self._refuse(400, "bad_request", "The request is not valid HTTP, or its head is larger than 32 KiB.")

    def _refuse(self, status: int, code: str, detail: str) -> None:
        self._head_is_here()
        if not self.transport.is_closing():
            self.transport.write(_refusal(status, code, detail))
            self.transport.close()


def _refusal(status: int, code: str, detail: str) -> bytes:
    """A whole answer, with a problem document as every other refusal has."""
    body = problem_bytes(status, code, detail)
    headers = {
        "content-type": PROBLEM_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-request-id": token_hex(8),
        "connection": "close",
    }
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
