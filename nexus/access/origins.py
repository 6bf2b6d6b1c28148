"""Which web pages may open a socket; a browser states the Origin of a page truthfully
(docs/contract.md, "WebSocket")."""

from __future__ import annotations

from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


def canonical_origin(text: str) -> str | None:
    """`scheme://host:port` of a web origin, in lower case and always with its port (RFC 6454, section 4).

    None where `text` is not one: `null`, another scheme, or a URL with more than an origin in it.
    """
    try:
        parts = urlsplit(text.lower())
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
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


def origin_allowed(origin: str, host: str, *, port: int, allowed: frozenset[str]) -> bool:
    """Whether a page of `origin` may open a socket at a server that the request's Host header calls `host`.

    The server's own pages may, by either scheme, since TLS may end before it; so may pages of this machine on
    the server's `port`, and those of `allowed`, which holds canonical origins.
    """
    asked = canonical_origin(origin)
    if asked is None:
        return False
    scheme = asked.partition("://")[0]
    own = {canonical_origin(f"{scheme}://{host}"), *(f"{scheme}://{name}:{port}" for name in _LOOPBACK)}
    return asked in own or asked in allowed
