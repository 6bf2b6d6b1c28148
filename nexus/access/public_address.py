"""How people reach the service: the value that links, QR codes, cookies and origins are made of
(docs/contract.md, "Addresses")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}
"""The port of each scheme that an address need not name."""
LONGEST_ADDRESS = 300
"""Characters of an address; a QR code has little room."""
SCOPE_KEY = "nexus.public_address"
"""Where the ASGI scope of a request or a handshake holds the address."""

# A name or an IPv4 address (RFC 1035, section 2.3.4; the underscore is found in the names of containers).
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,62})(\.[a-z0-9_]([a-z0-9_-]{0,62}))*\.?")
_NETLOC = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::([0-9]{0,5}))?")
# Segments that are neither empty nor dots, of characters that need no escape (RFC 3986, section 3.3).
_PATH = re.compile(r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]+)*")


class Netloc(NamedTuple):
    """A host in lower case, an IPv6 address in brackets, and the port that was named with it."""

    host: str
    port: int | None


class AddressSource(StrEnum):
    """Where an address is from, the surest first."""

    SETTING = "setting"
    FORWARDED = "forwarded"
    HOST = "host"


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """An address that people reach the service by.

    `scheme` is http or https, `host` as in `Netloc`; `path` is empty, or begins with a slash and ends without one.
    `port_told` is false where a proxy names a host and no port: whether people need one cannot be known then.
    """

    scheme: str
    host: str
    port: int
    path: str = ""
    source: AddressSource = AddressSource.SETTING
    port_told: bool = True

    @property
    def netloc(self) -> str:
        """The host, with its port unless that is the scheme's own."""
        return self.host if self.port == PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        """The origin, as a browser writes it."""
        return f"{self.scheme}://{self.netloc}"

    @property
    def secure(self) -> bool:
        """Whether people reach it by https: cookies are then for https alone."""
        return self.scheme == "https"

    @property
    def cookie_path(self) -> str:
        """The path of cookies: everything of this service, and nothing beside it."""
        return f"{self.path}/"

    def url(self, path: str) -> str:
        """The absolute URL of `path`, which begins with a slash, in this service."""
        return f"{self.origin}{self.path}{path}"


def read_netloc(text: str) -> Netloc | None:
    """The host and port of a Host header and the like (RFC 9110, section 7.2); None where it is not valid."""
    found = _NETLOC.fullmatch(text.strip().lower())
    if found is None:
        return None
    host, port = found[1], int(found[2]) if found[2] else None
    if port is not None and not 0 < port < 2**16:
        return None
    if not host.startswith("["):
        return Netloc(host, port) if _NAME.fullmatch(host) else None
    try:
        return Netloc(f"[{IPv6Address(host[1:-1])}]", port)
    except ValueError:
        return None


def read_path(text: str) -> str | None:
    """The path of an address, without the slash at its end; None where it is not valid."""
    path = text.strip().rstrip("/")
    return path if _PATH.fullmatch(path) and len(path) <= LONGEST_ADDRESS else None


def read_address(text: str) -> PublicAddress:
    """The address that `text` is, such as https://example.org:8443/nexus. Raises ValueError, saying what it must be."""
    form = "must be an address such as https://vote.example.org or https://example.org/nexus"
    try:
        parts = urlsplit(text)
    except ValueError:
        raise ValueError(f"{form}.") from None
    netloc, path = read_netloc(parts.netloc), read_path(parts.path)
    if not text.isascii():
        raise ValueError(f"{form}; an international name is written in its xn-- form.")
    if parts.scheme not in PORTS or netloc is None or len(text) > LONGEST_ADDRESS:
        raise ValueError(f"{form}.")
    if path is None or any(char in "?#" or char.isspace() for char in text):
        raise ValueError(f"{form}; it ends with its path, which may have no escapes, double slashes or dots alone.")
    return PublicAddress(parts.scheme, netloc.host, netloc.port or PORTS[parts.scheme], path)


def public_of(scope: Mapping[str, object]) -> PublicAddress:
    """The address by which people reach the service, as far as this request shows (`http.framework.arrival`)."""
    found = scope[SCOPE_KEY]
    if not isinstance(found, PublicAddress):
        raise TypeError(SCOPE_KEY)
    return found
