"""How a request came here: from which client, and by which address of the service. The one place that decides it
(docs/contract.md, "Addresses")."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from urllib.parse import quote

from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from nexus.access.forwarded import Forwarded, TrustedHops, claims_forwarding, plain_address, read_forwarded
from nexus.access.public_address import PORTS, SCOPE_KEY, AddressSource, Netloc, PublicAddress, read_netloc

logger = logging.getLogger(__name__)

MOST_WARNINGS = 8
"""Proxies without trust that the log names; anyone can pretend to be one."""

# Where the scope holds the way from the page that was asked for to the root of the service.
_ROOT = "nexus.root"
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def root_of(scope: Scope) -> str:
    """The relative reference from the address that was asked for to the root of the service, such as `../` for
    `/vote/K7M2QP`: right below any path, known or not."""
    found: str = scope.get(_ROOT) or _relative(_raw_path(scope).count("/"))
    return found


def first_segments(routes: Sequence[BaseRoute]) -> frozenset[str]:
    """What the paths of `routes` begin with, such as `vote`."""
    paths = [route.path for route in routes if isinstance(route, Route | WebSocketRoute)]
    return frozenset(path.split("/")[1] for path in paths if not path.startswith("/{")) - {""}


class Arrival:
    """Middleware around everything: sets the scope's client, scheme and path to what the outermost trusted proxy got,
    and puts the address of the service into it (`nexus.access.public_address.public_of`).

    `public` is NEXUS_PUBLIC_URL. Its path, or the one that a trusted proxy names, is removed from the path where a
    proxy has left it there, unless it begins like one of `names`, the first segments of the service's own paths.
    """

    def __init__(self, app: ASGIApp, public: PublicAddress | None, trusted: TrustedHops, names: frozenset[str]) -> None:
        self._app = app
        self._public = public
        self._trusted = trusted
        self._names = names
        self._warned: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on one request or handshake."""
        await self._app(self._arrived(scope) if scope["type"] in ("http", "websocket") else scope, receive, send)

    def _arrived(self, scope: Scope) -> Scope:
        peer = plain_address(scope["client"][0]) if scope.get("client") else ""
        told = read_forwarded(scope["headers"], peer, self._trusted)
        if peer not in self._trusted and claims_forwarding(scope["headers"]):
            self._warn(peer)
        scheme = told.scheme or _SCHEMES[scope["scheme"]]
        public = self._public or _address(scope, told, scheme)
        seen = {**scope, "scheme": scheme if scope["type"] == "http" else scheme.replace("http", "ws")}
        if scope.get("client"):
            seen["client"] = (told.client, scope["client"][1] if told.client == peer else 0)
        return {**seen, SCOPE_KEY: public, **self._paths(scope, public.path)}

    def _paths(self, scope: Scope, prefix: str) -> dict[str, object]:
        path, raw = scope["path"], _raw_path(scope)
        held = bool(prefix) and (path == prefix or path.startswith(f"{prefix}/"))
        if not held or prefix.split("/")[1] in self._names:
            return {_ROOT: _relative(raw.count("/"))}
        inner = path.removeprefix(prefix)
        if not inner:
            return {"path": "/", "raw_path": b"/", _ROOT: f"{prefix.rpartition('/')[2]}/"}
        rest = raw.removeprefix(prefix) if raw.startswith(f"{prefix}/") else quote(inner)
        return {"path": inner, "raw_path": rest.encode("latin-1"), _ROOT: _relative(rest.count("/"))}

    def _warn(self, peer: str) -> None:
        """Once for each proxy: its clients are counted as one."""
        if peer in self._warned or len(self._warned) >= MOST_WARNINGS:
            return
        self._warned.add(peer)
        logger.warning(
            "%s says whose requests it passes on, but FORWARDED_ALLOW_IPS does not name it: if it is a proxy of yours, "
            "all its clients share the limits of one address",
            peer[:80],
        )


def _relative(slashes: int) -> str:
    return "../" * (slashes - 1) or "./"


def _raw_path(scope: Scope) -> str:
    raw: bytes | None = scope.get("raw_path")
    return raw.decode("latin-1") if raw else quote(scope["path"])


def _address(scope: Scope, told: Forwarded, scheme: str) -> PublicAddress:
    """The address by which the client reached the outermost trusted proxy, or this server."""
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
    netloc = told.netloc or read_netloc(host) or _own(scope)
    port = netloc.port or told.port
    source = AddressSource.HOST if told.netloc is None else AddressSource.FORWARDED
    path = told.prefix or scope.get("root_path", "").rstrip("/")
    port_told = port is not None or not told.by_proxy
    return PublicAddress(scheme, netloc.host, port or PORTS[scheme], path, source, port_told)


def _own(scope: Scope) -> Netloc:
    """This server's own address, for a request without a valid Host header."""
    name, port = scope.get("server") or ("localhost", None)
    found = read_netloc(f"[{name}]" if ":" in name else name) or Netloc("localhost", None)
    return found._replace(port=port)
