"""Which web pages may open a socket; a browser states the Origin of a page truthfully
(docs/contract.md, "WebSocket")."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from nexus.access.public_address import PORTS, AddressSource, PublicAddress
from nexus.runtime.log_throttle import LogThrottle

logger = logging.getLogger(__name__)

_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
# What a browser sends with a request of a page to the page's own origin (Fetch Metadata); no page can write it.
_OWN = "same-origin"


def canonical_origin(text: str) -> str | None:
    """`scheme://host:port` of a web origin, in lower case and always with its port (RFC 6454, section 4).

    None where `text` is not one: `null`, another scheme, or a URL with more than an origin in it.
    """
    try:
        parts = urlsplit(text.lower())
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    if parts.path or parts.query or parts.fragment:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}"


def canonical_origins(text: str) -> frozenset[str]:
    """The canonical form of each origin in `text`, comma-separated. Raises ValueError, naming a wrong one."""
    origins = set()
    for part in filter(None, map(str.strip, text.split(","))):
        origin = canonical_origin(part.removesuffix("/"))
        if origin is None:
            raise ValueError(f"{part[:80]!r} is not an origin")
        origins.add(origin)
    return frozenset(origins)


class Origins:
    """Which pages may open sockets: those of the service's own address, those of this machine, and those of `listed`,
    which holds canonical origins. A refusal is logged with both addresses, at most once a minute."""

    def __init__(self, listed: frozenset[str]) -> None:
        self.listed = listed
        self._refused = LogThrottle(
            logger,
            "refused a page a socket; NEXUS_PUBLIC_URL says the service's own address, NEXUS_ALLOWED_ORIGINS others",
        )
        self._stopped = LogThrottle(
            logger, "a page that may open a socket gets none; does the proxy pass Upgrade and Connection for /ws?"
        )

        self._unknown = LogThrottle(
            logger, "people use another address than links name; set NEXUS_PUBLIC_URL, or let the proxy tell it all"
        )

    def elsewhere(self, address: str, public: PublicAddress) -> None:
        """Log, at most once a minute, that people use `address`, while the service takes `public` for its own."""
        self._unknown(f"{address[:150]!r} instead of {public.url('/')}")

    def stopped(self, origin: str, public: PublicAddress) -> None:
        """Log, at most once a minute, that a page of `origin` gets no socket although it may open one."""
        self._stopped(f"{origin[:100]!r} at {public.origin}")

    def allow(self, origin: str, public: PublicAddress, *, port: int, site: str) -> bool:
        """Whether a page of `origin` may open a socket at the service, which it has reached by `public`.

        `port` is the one that the server listens on, `site` what the browser says in Sec-Fetch-Site. A refusal is
        logged.
        """
        if self.allows(origin, public, port=port, site=site):
            if not public.port_told and canonical_origin(origin) != canonical_origin(public.origin):
                self.elsewhere(origin, public)
            return True
        self._refused(f"{origin[:100]!r} at {public.origin}")
        return False

    def allows(self, origin: str, public: PublicAddress, *, port: int, site: str) -> bool:
        """As `allow`, without the log."""
        asked = canonical_origin(origin)
        if asked is None:
            return False
        if asked in self.listed or asked in (f"{origin_of}:{port}" for origin_of in _here(asked)):
            return True
        if public.source is AddressSource.SETTING:
            return asked == canonical_origin(public.origin)
        return site == _OWN or _same_place(asked, public)


def _here(asked: str) -> tuple[str, ...]:
    return tuple(f"{asked.partition('://')[0]}://{name}" for name in _LOOPBACK)


def _same_place(asked: str, public: PublicAddress) -> bool:
    """Whether an origin is the address, by either scheme, since TLS may end before the service.

    A proxy that leaves the port out leaves nothing to compare it with. A page of another port of the same host is then
    taken for our own: it shares a machine and its cookies with us anyway, and no socket has more rights than the token
    that is sent on it, which is in no cookie.
    """
    scheme, _, netloc = asked.partition("://")
    host, _, port = netloc.rpartition(":")
    if host != public.host:
        return False
    usual = public.port == PORTS[public.scheme] and int(port) == PORTS[scheme]
    return usual or int(port) == public.port or not public.port_told
