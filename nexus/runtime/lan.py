"""The addresses by which other devices of the network, such as phones, reach this machine."""

from __future__ import annotations

import socket
from ipaddress import ip_address

ALL_IPV4 = "0.0.0.0"  # noqa: S104
"""Listening there means on every IPv4 address."""
ALL = "::"
"""Listening there means on every address."""

MOST = 4
"""Addresses worth trying."""

# Networks inside of this machine: no phone is in one.
_INNER = ("docker", "br-", "veth", "virbr", "cni", "flannel", "lxc", "lxd", "podman", "vmnet", "vboxnet", "bridge")
# Private networks over others: a phone is in one only by chance.
_VPN = ("tun", "tap", "wg", "utun", "ppp", "tailscale", "zt")
# Documentation addresses (RFC 5737, RFC 3849): asking which way leads there sends nothing.
_FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET, "198.51.100.1"), (socket.AF_INET6, "2001:db8::1"))


def lan_hosts(listening: str) -> list[str]:
    """The hosts of URLs that lead from other devices to a server on the address `listening`, best first: IPv4 before
    IPv6, what leads to the network before VPNs; at most `MOST`, and none if only this machine can get there."""
    if listening not in (ALL_IPV4, ALL):
        return [] if _is_local(listening) else [_in_url(listening)]
    found = [(name, one) for name, one in _interfaces() if listening == ALL or ":" not in one]
    usual = _outgoing()
    ranked = sorted(found, key=lambda pair: (":" in pair[1], pair[0].startswith(_VPN), pair[1] not in usual))
    return [_in_url(address) for _, address in ranked[:MOST]]


def _interfaces() -> list[tuple[str, str]]:
    """The name of each interface that leads out of this machine, and each usable address of it."""
    import ifaddr  # not at the top: only a start and the pages of this machine ask

    return [
        (adapter.nice_name, address)
        for adapter in ifaddr.get_adapters()
        if not adapter.nice_name.startswith(_INNER)
        for one in adapter.ips
        if _reaches(address := one.ip if isinstance(one.ip, str) else one.ip[0])
    ]


def _reaches(address: str) -> bool:
    """Whether other devices can use the address: no IPv6 one that is valid on one link or in one site alone."""
    found = ip_address(address.partition("%")[0])
    if found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast:
        return False
    return found.version == 4 or found.is_global


def _outgoing() -> set[str]:
    """The addresses of this machine from which it would send to far ones."""
    found = set()
    for family, far in _FAR:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as asked:
                asked.connect((far, 9))  # chooses a way, and sends nothing
                found.add(str(asked.getsockname()[0]))
        except OSError:
            continue  # there is no way
    return found


def _is_local(listening: str) -> bool:
    try:
        return ip_address(listening).is_loopback
    except ValueError:
        return listening == "localhost" or listening.endswith(".localhost")


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
