"""What proxies say of a request that they pass on, as far as they are trusted (docs/contract.md, "Addresses")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from nexus.access.public_address import PORTS, Netloc, read_netloc, read_path

MOST_HOPS = 32
"""Entries of a list that are read, from its end: a client can make it long."""

_NAMES = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix")
_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_PAIR = re.compile(r"""\s*([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[\w!#$%&'*+.^`|~-]+)\s*(?:[;,]|\Z)""", re.ASCII)
_EMPTY = re.compile(r"\s*,")
# Of an address with the name of an interface: what is kept in memory must be bounded.
_LONGEST = 64
_NODE = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\w+)?|([0-9.]+)(?::\w+)?|([0-9A-Fa-f:.]+)")


def plain_address(text: str) -> str:
    """An address of the network in its usual form, and an IPv4 one that came over IPv6 as IPv4; other text as it is."""
    found = _parsed(text)
    return text if found is None else str(found)


@lru_cache(maxsize=1024)  # an audience comes by few addresses, and each handshake asks four times for the same one
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    if len(text) > _LONGEST:
        return None
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


class TrustedHops:
    """The proxies whose headers are believed: addresses and networks, comma-separated, or `*` for all.

    Raises ValueError for anything else.
    """

    def __init__(self, text: str) -> None:
        parts = [part for part in map(str.strip, text.split(",")) if part]
        self._all = "*" in parts
        self._networks = tuple(_network(part) for part in parts if part != "*")

    def __contains__(self, address: str) -> bool:
        if self._all:
            return True
        found = _parsed(address)
        return found is not None and any(found in network for network in self._networks)


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"must hold addresses or networks such as 10.0.0.0/8, or *; {text[:80]!r} is not one."
        ) from None


@dataclass(frozen=True, slots=True)
class Forwarded:
    """What the outermost trusted proxy said of the request it got: None or empty where it said nothing valid."""

    client: str
    scheme: str | None = None
    netloc: Netloc | None = None
    port: int | None = None
    prefix: str = ""
    by_proxy: bool = False
    """Whether a trusted proxy said anything at all."""


def read_forwarded(headers: Iterable[tuple[bytes, bytes]], peer: str, trusted: TrustedHops) -> Forwarded:
    """What the headers say of a request that came from the address `peer`.

    Each proxy adds to the end of a list, so what a client made up is before that: reading goes from the end, and stops
    at the first address that is not trusted. Nothing is believed of a peer that is not trusted. Where any
    X-Forwarded header is there, Forwarded (RFC 7239) is not read: a proxy passes on the one that it does not write.
    """
    if peer not in trusted:
        return Forwarded(peer)
    given = _given(headers)
    if any(given[name] for name in _NAMES):
        return _by_lists(given, peer, trusted)
    elements = _elements(",".join(given["forwarded"]))
    return _by_elements(elements, peer, trusted) if elements else Forwarded(peer)


def claims_forwarding(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the headers name a client that a proxy has passed on."""
    return any(name in (b"x-forwarded-for", b"forwarded") for name, _ in headers)


def _given(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {name: [] for name in (*_NAMES, "forwarded")}
    for raw, value in headers:
        if (name := raw.decode("latin-1")) in given:
            given[name].append(value.decode("latin-1"))
    return given


def _by_lists(given: dict[str, list[str]], peer: str, trusted: TrustedHops) -> Forwarded:
    lists = {name: _entries(given[name]) for name in _NAMES}
    client, hops = _outermost([_node(entry) for entry in lists["x-forwarded-for"]], peer, trusted)

    def said(name: str) -> str:
        # The proxies that are trusted wrote the end of each list; some write one value over what was there.
        entries = lists[name]
        return entries[max(0, len(entries) - hops)] if entries else ""

    scheme = _SCHEMES.get(said("x-forwarded-proto").lower())
    port = _port(said("x-forwarded-port"), scheme)
    prefix = read_path(said("x-forwarded-prefix")) or ""
    return Forwarded(client, scheme, read_netloc(said("x-forwarded-host")), port, prefix, by_proxy=True)


def _entries(values: list[str]) -> list[str]:
    return [entry.strip() for entry in ",".join(values).rsplit(",", MOST_HOPS)[-MOST_HOPS:]] if values else []


def _outermost(nodes: list[str | None], peer: str, trusted: TrustedHops) -> tuple[str, int]:
    """The client of the outermost proxy that is trusted, and how many such proxies there are; where a proxy does not
    name its client, that proxy stands for it."""
    client, hops = peer, 1
    for node in reversed(nodes):
        if node is None:
            break
        client = node
        if node not in trusted:
            break
        hops += 1
    return client, hops


def _node(text: str) -> str | None:
    """The address in an entry, without its port; None for `unknown`, a name that hides it, or what is not valid."""
    found = _NODE.fullmatch(text)
    parsed = _parsed(found[1] or found[2] or found[3]) if found else None
    return None if parsed is None else str(parsed)


def _port(text: str, scheme: str | None) -> int | None:
    """A port; the other scheme's own is left out: a proxy that has not ended TLS itself names its own."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 2**16):
        return None
    other = {"http": PORTS["https"], "https": PORTS["http"]}.get(scheme or "")
    return None if int(text) == other else int(text)


def _by_elements(elements: list[dict[str, str]], peer: str, trusted: TrustedHops) -> Forwarded:
    client, hops = _outermost([_node(one.get("for", "")) for one in elements], peer, trusted)
    said = elements[max(0, len(elements) - hops)]
    scheme = _SCHEMES.get(said.get("proto", "").lower())
    return Forwarded(client, scheme, read_netloc(said.get("host", "")), by_proxy=True)


def _elements(text: str) -> list[dict[str, str]]:
    """The elements of Forwarded (RFC 7239, section 4), the last `MOST_HOPS`; none where it is not valid."""
    elements: list[dict[str, str]] = []
    at, begins = 0, True
    while at < len(text):
        if begins and (empty := _EMPTY.match(text, at)):
            at = empty.end()
            continue
        pair = _PAIR.match(text, at)
        if pair is None:
            return []
        if begins:
            elements.append({})
        name, value = pair[1].lower(), pair[2]
        if name in elements[-1]:
            return []
        elements[-1][name] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        at, begins = pair.end(), pair[0].endswith(",")
    return elements[-MOST_HOPS:]
