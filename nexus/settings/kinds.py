"""The kinds of settings: how the text of each is read, and what it must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from nexus.access.embedders import read_embedders
from nexus.access.forwarded import TrustedHops
from nexus.access.origins import canonical_origins
from nexus.access.public_address import read_address
from nexus.access.secret import SHORTEST_KEY
from nexus.bus.redis.address import parse_address
from nexus.settings.setting import Kind

T = TypeVar("T")

MOST = 10**9
"""The largest number that any setting takes."""


def whole(least: int, most: int = MOST) -> Kind[int]:
    """A whole number from `least` to `most`."""

    def read(text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= len(str(MOST)) and least <= int(text) <= most:
            return int(text)
        raise ValueError(f"must be a whole number from {least} to {most}, not {text[:40]!r}.")

    return Kind(read, f"{least} to {'10^9' if most == MOST else most}")


def either(first: str, second: str) -> Kind[str]:
    """One of two words, in capitals or not."""

    def read(text: str) -> str:
        if text.lower() in (first, second):
            return text.lower()
        raise ValueError(f"must be {first} or {second}, not {text[:40]!r}.")

    return Kind(read, f"{first} or {second}")


def _optional(read: Callable[[str], T], values: str = "") -> Kind[T | None]:
    return Kind(lambda text: read(text) if text else None, values)


def _database_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    # A "#" belongs to a password that should say %23. The value is not shown, as it may hold a password.
    if scheme not in ("postgresql", "postgres") or "#" in rest or not _names_server(rest, host_needed=False):
        raise ValueError("must be of the form postgresql://user:password@host:port/name.")
    return f"postgresql://{rest}"


def _web_url(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if url and (scheme not in ("https", "http") or not _names_server(rest)):
        raise ValueError("must be an https:// or http:// URL.")
    return url


def _names_server(rest: str, *, host_needed: bool = True) -> bool:
    """Whether what follows a URL's scheme begins with `user:password@host:port` (RFC 3986, section 3.2)."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    try:
        parts = urlsplit(f"//{authority}")
        return (bool(parts.hostname) or not host_needed) and parts.port != 0
    except ValueError:
        return False


def _key(text: str) -> bytes:
    key = text.encode("utf-8", "surrogateescape")
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"must have at least {SHORTEST_KEY} bytes; it has {len(key)}.")
    return key


def _origins(text: str) -> frozenset[str]:
    try:
        return canonical_origins(text)
    except ValueError as error:
        raise ValueError(f"must hold origins such as https://vote.example; {error}.") from error


def _proxies(text: str) -> str:
    TrustedHops(text)
    return text


TEXT = Kind(str)

OPTIONAL_TEXT = _optional(str)

FOLDER = Kind(Path)

DATABASE_URL = _optional(_database_url)

REDIS_URL = _optional(parse_address)
"""The forms are those of `nexus.bus.redis.address`."""

SIGNING_KEY = _optional(_key, f"{SHORTEST_KEY} bytes or more")

ORIGINS = Kind(_origins)
"""Origins, comma-separated, in their canonical form."""

EMBEDDERS = Kind(read_embedders)
"""Origins whose pages may frame pages of this service, as a Content Security Policy names them."""

PUBLIC_ADDRESS = _optional(read_address)
"""The address by which people reach the service."""

PROXIES = Kind(_proxies)
"""Addresses and networks, or `*`, as `TrustedHops` takes them."""

WEB_URL = Kind(_web_url)
