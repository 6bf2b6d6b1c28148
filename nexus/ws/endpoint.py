"""`/ws`: who may open a socket, and a session for each one that is open (docs/contract.md, "WebSocket")."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from nexus.access.limits import address_key
from nexus.access.public_address import public_of
from nexus.access.work import HANDSHAKE
from nexus.domain.problem import problem_bytes
from nexus.ws.asgi_line import line_of, listen
from nexus.ws.close_codes import CloseCode
from nexus.ws.dependencies import SocketServices
from nexus.ws.handshake import problem_headers
from nexus.ws.line import Line
from nexus.ws.session import Session

SUBPROTOCOL = "nexus.v1"


class SocketEndpoint:
    """The ASGI application behind `/ws`."""

    def __init__(self, services: SocketServices) -> None:
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket: from its handshake to its end, or until the server's own line takes it over."""
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is not None and not self._may_open(origin, headers, scope):
            await _deny(scope, send, HTTPStatus.FORBIDDEN, "Pages of this origin may not connect.")
            return
        address = address_key(scope["client"][0] if scope.get("client") else "")
        if not self._services.open_sockets.acquire(address):
            await _deny(scope, send, HTTPStatus.TOO_MANY_REQUESTS, "Too many sockets are open from this address.")
            return
        try:
            meter = self._services.work.of_peer(scope["client"][0]) if scope.get("client") else None
            if meter is not None and (wait_s := meter.charge(HANDSHAKE)):
                # Who comes back at once all the time is let in as it can be borne.
                await asyncio.sleep(wait_s)
            line, session = await self._open(scope, receive, send, headers, address)
            if meter is not None:
                line.charge_to(meter)
        except BaseException:
            self._services.open_sockets.release(address)
            raise
        await listen(line, receive, session)  # and the session releases the address when it ends

    def _may_open(self, origin: str, headers: Headers, scope: Scope) -> bool:
        port = scope["server"][1] if scope.get("server") else None
        site = headers.get("sec-fetch-site", "")
        return self._services.origins.allow(origin, public_of(scope), port=port or 0, site=site)

    async def _open(
        self, scope: Scope, receive: Receive, send: Send, headers: Headers, address: str
    ) -> tuple[Line, Session]:
        offered: list[str] = scope.get("subprotocols", [])
        await receive()  # websocket.connect
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if SUBPROTOCOL in offered else None})
        line = line_of(scope, send)
        session = Session(self._services, line, address)
        if offered and SUBPROTOCOL not in offered:
            line.close(CloseCode.WRONG_PROTOCOL, f"subprotocol {SUBPROTOCOL} only")
        else:
            _greet(session, headers)
        return line, session


def _greet(session: Session, headers: Headers) -> None:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        session.greet(token.strip())


async def _deny(scope: Scope, send: Send, status: HTTPStatus, detail: str) -> None:
    """Refuse the handshake with `status` where the server supports that, else with its own 403."""
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": CloseCode.POLICY_VIOLATION})
        return
    headers = problem_headers()
    if status is HTTPStatus.TOO_MANY_REQUESTS:
        headers.append((b"retry-after", b"10"))
    await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
    code = "too_many_requests" if status is HTTPStatus.TOO_MANY_REQUESTS else "forbidden"
    await send({"type": "websocket.http.response.body", "body": problem_bytes(status, code, detail)})
