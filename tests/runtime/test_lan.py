"""The addresses by which phones reach this machine: real ones, the likely one first."""

from __future__ import annotations

import ifaddr
import pytest

from nexus.runtime import lan
from nexus.runtime.lan import lan_hosts

WIFI, CABLE, VPN = ("wlan0", "192.168.1.20"), ("eth0", "10.0.0.5"), ("wg0", "10.8.0.2")
GLOBAL = ("eth0", "2a01:4f8::5")
INNER = (
    *(("lo", "127.0.0.1"), ("docker0", "172.17.0.1"), ("br-5f2a", "172.18.0.1"), ("veth12", "169.254.3.4")),
    *(("virbr0", "192.168.122.1"), ("lo", "::1"), ("eth0", "fe80::1"), ("eth0", "fd00::5")),
)


@pytest.mark.parametrize(
    ("listening", "interfaces", "outgoing", "hosts"),
    [
        ("0.0.0.0", [WIFI], set(), ["192.168.1.20"]),
        ("0.0.0.0", [*INNER, WIFI], set(), ["192.168.1.20"]),
        ("0.0.0.0", INNER, {"172.17.0.1"}, []),
        ("0.0.0.0", [CABLE, WIFI], {"192.168.1.20"}, ["192.168.1.20", "10.0.0.5"]),
        ("0.0.0.0", [VPN, WIFI], {"10.8.0.2"}, ["192.168.1.20", "10.8.0.2"]),
        ("0.0.0.0", [GLOBAL, WIFI], set(), ["192.168.1.20"]),
        ("::", [GLOBAL, *INNER, WIFI], set(), ["192.168.1.20", "[2a01:4f8::5]"]),
        ("::", [GLOBAL], set(), ["[2a01:4f8::5]"]),
        ("0.0.0.0", [(f"eth{n}", f"10.0.{n}.1") for n in range(9)], set(), [f"10.0.{n}.1" for n in range(4)]),
        ("127.0.0.1", [WIFI], set(), []),
        ("127.8.8.8", [WIFI], set(), []),
        ("::1", [WIFI], set(), []),
        ("localhost", [WIFI], set(), []),
        ("192.168.1.20", [WIFI, CABLE], set(), ["192.168.1.20"]),
        ("2a01:4f8::5", [WIFI], set(), ["[2a01:4f8::5]"]),
        ("nexus.home.arpa", [WIFI], set(), ["nexus.home.arpa"]),
    ],
)
def test_phones_are_told_addresses_that_lead_here(
    monkeypatch: pytest.MonkeyPatch,
    listening: str,
    interfaces: list[tuple[str, str]],
    outgoing: set[str],
    hosts: list[str],
) -> None:
    def adapters() -> list[ifaddr.Adapter]:
        made = []
        for name, address in interfaces:
            ip: str | tuple[str, int, int] = (address, 0, 0) if ":" in address else address
            made.append(ifaddr.Adapter(name, name, [ifaddr.IP(ip, 24, name)]))
        return made

    monkeypatch.setattr(ifaddr, "get_adapters", adapters)
    monkeypatch.setattr(lan, "_outgoing", lambda: outgoing)
    assert lan_hosts(listening) == hosts


def test_this_machine_is_asked() -> None:
    for host in lan_hosts("::"):
        assert not host.startswith(("127.", "[::1", "169.254.", "[fe80"))
