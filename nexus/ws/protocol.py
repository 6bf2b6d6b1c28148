"""The opening handshake of a socket on uvicorn, which hands the transport over to a line.

`Config(ws=SocketProtocol)` runs an ASGI application for each handshake, with a line in its scope. The application
accepts, attaches a listener to the line, and returns: from then on the transport calls the line, and nothing of the
handshake is left. An application that never looks at the line is told so: it cannot read here.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, cast
from urllib.parse import quote, unquote

from starlette.types import Message, Scope
from uvicorn.protocols.utils import ClientDisconnected, get_local_addr, get_remote_addr, is_ssl

from nexus.ws.close_codes import SHUTTING_DOWN, CloseCode
from nexus.ws.direct_line import DirectLine
from nexus.ws.exchange import Exchange
from nexus.ws.handshake import Handshake, RefusedHandshake, accepting, read_handshake, refusal, refusing
from nexus.ws.line import EXTENSION, Bounds

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

logger = logging.getLogger("uvicorn.error")

# What the kernel may hold unsent: totals that wait there can no longer be replaced by newer ones.
_UNSENT_BYTES = 16 * 1024
# Where the state of uvicorn's lifespan holds what the lines of the server share.
_EXCHANGE = "nexus.exchange"


class SocketProtocol(asyncio.Protocol):
    """One handshake: uvicorn's HTTP protocol passes on the head of the request, the application answers it."""

    bounds: ClassVar[Bounds] = Bounds()

    def __init__(self, config: Config, server_state: ServerState, app_state: dict[str, Any]) -> None:
        self._config = config
        self._server = server_state
        self._app_state = app_state
        self._connections = cast("set[object]", server_state.connections)
        self._path: bytes | None = None
        self._key = b""
        self._early = b""
        self._answered = False
        self._refusal: Message | None = None
        self._body = b""
        self._connecting = True
        self._cutting: asyncio.TimerHandle | None = None

    # For uvicorn and the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a socket from the HTTP protocol, which has read its upgrade request."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)
        self._transport.set_write_buffer_limits(high=self.bounds.high)
        self.line = DirectLine(self._exchange(), self._transport)

    def data_received(self, data: bytes) -> None:
        """First the head, whole, as uvicorn has read it; then what a peer says before it has been answered."""
        if self._answered:
            return
        if self._path is None:
            self._begin(data)
        else:
            self._early += data
            if len(self._early) > self.bounds.early_bytes:
                self._refuse(refusal(400, "bad_request", "The handshake has not been answered yet."))

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer has left, or its handshake was refused."""
        self._answered = True
        self._connections.discard(self)
        if self._cutting is not None:
            self._cutting.cancel()

    def eof_received(self) -> None:
        """Close this side too."""
        self._leave()

    def shutdown(self) -> None:
        """Refuse a handshake that is under way."""
        self._refuse(refusal(503, "unavailable", "The server is shutting down.", [(b"retry-after", b"10")]))

    # For the application.

    async def _run(self, scope: Scope) -> None:
        code = CloseCode.FAILED
        try:
            await self._config.loaded_app(scope, self._receive, self._send)
            code = CloseCode.NORMAL
        except asyncio.CancelledError:  # the server's time to shut down is up
            code = CloseCode.SERVICE_RESTART
            raise
        except ClientDisconnected:
            logger.debug("the application wrote to a socket that had ended")
        except Exception:
            logger.exception("Exception in ASGI application\n")  # uvicorn's own words: people search for them
        finally:
            self._finish(code)

    async def _receive(self) -> Message:
        if not self._connecting:
            raise RuntimeError(f"texts come by the line in scope['extensions']['{EXTENSION}']")
        self._connecting = False
        return {"type": "websocket.connect"}

    async def _send(self, message: Message) -> None:
        if self._answered and self.line.is_open and message["type"] == "websocket.close":
            self.line.close(message.get("code", CloseCode.NORMAL), message.get("reason") or "")
        elif self._answered:
            raise ClientDisconnected
        else:
            self._answer(message)

    def _answer(self, message: Message) -> None:
        match message["type"]:
            case "websocket.accept":
                self._accept(message)
            case "websocket.close":
                self._log(403)
                self._refuse(refusing(403, (), b""))
            case "websocket.http.response.start":
                self._refusal = message
            case "websocket.http.response.body" if self._refusal is not None:
                self._body += message.get("body", b"")
                if not message.get("more_body", False):
                    self._log(self._refusal["status"])
                    self._refuse(refusing(self._refusal["status"], self._refusal.get("headers", ()), self._body))
            case unexpected:
                raise RuntimeError(f"{unexpected} does not answer a handshake")

    # Steps.

    def _begin(self, head: bytes) -> None:
        try:
            handshake = read_handshake(head)
        except RefusedHandshake as refused:
            self._refuse(refusal(refused.status, refused.code, refused.detail, refused.headers))
            return
        self._path, self._key = handshake.path, handshake.key
        task = asyncio.get_running_loop().create_task(self._run(self._scope(handshake)))
        task.add_done_callback(self._server.tasks.discard)
        self._server.tasks.add(task)

    def _scope(self, handshake: Handshake) -> Scope:
        root = self._config.root_path
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if is_ssl(self._transport) else "ws",
            "server": get_local_addr(self._transport),
            "client": get_remote_addr(self._transport),
            "root_path": root,
            "path": root + unquote(handshake.path.decode("latin-1")),
            "raw_path": root.encode() + handshake.path,
            "query_string": handshake.query,
            "headers": handshake.headers,
            "subprotocols": handshake.subprotocols,
            "state": self._app_state.copy(),
            "extensions": {"websocket.http.response": {}, EXTENSION: self.line},
        }

    def _accept(self, message: Message) -> None:
        if self._transport.is_closing():
            raise ClientDisconnected
        headers = [*self._server.default_headers, *message.get("headers", ())]
        if subprotocol := message.get("subprotocol"):
            headers.append((b"Sec-WebSocket-Protocol", subprotocol.encode("latin-1")))
        self._transport.write(accepting(self._key, headers))
        self._answered = True
        _keep_little_in_kernel(self._transport)
        self._transport.set_protocol(self.line)
        self._connections.discard(self)
        self.line.open()
        if self._early:
            self.line.data_received(self._early)

    def _refuse(self, answer: bytes) -> None:
        if not self._answered and not self._transport.is_closing():
            self._transport.write(answer)
        self._leave()

    def _leave(self) -> None:
        """Nothing more is to be said: flush and close, within a bound."""
        if not self._answered:
            self._answered = True
            self._transport.close()
            self._cutting = asyncio.get_running_loop().call_later(self.bounds.close_s, self._transport.abort)

    def _finish(self, code: int) -> None:
        if self.line.is_open:
            if code != CloseCode.NORMAL or not self.line.is_heard:
                self.line.close(code, SHUTTING_DOWN if code == CloseCode.SERVICE_RESTART else "")
        elif not self._answered:
            logger.error("the application returned without answering the handshake")
            self._refuse(refusal(500, "internal_error", "Something went wrong here. It has been logged."))

    def _exchange(self) -> Exchange:
        found = self._app_state.get(_EXCHANGE)
        if isinstance(found, Exchange):
            return found
        config = self._config
        made = self._app_state[_EXCHANGE] = Exchange(
            self.bounds, self._connections, config.ws_max_size, config.ws_ping_interval, config.ws_ping_timeout
        )
        return made

    def _log(self, status: int) -> None:
        """Note a refusal, without its query string: people put tokens there."""
        client, port = get_remote_addr(self._transport) or ("", 0)
        path = quote(unquote((self._path or b"").decode("latin-1")))
        logger.info('%s:%d - "WebSocket %s" %d', client, port, path, status)


def _keep_little_in_kernel(transport: asyncio.Transport) -> None:
    """Have the kernel take little ahead, so that a slow reader's next frame is chosen as late as possible.

    Without this the kernel takes megabytes of totals for a reader that is behind. Not every system has the option.
    """
    sock: socket.socket | None = transport.get_extra_info("socket")
    option: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
    if sock is not None and option is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):  # some kernels know the name and refuse the option
            sock.setsockopt(socket.IPPROTO_TCP, option, _UNSENT_BYTES)
