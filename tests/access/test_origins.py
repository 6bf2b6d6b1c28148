"""Which web pages may open a socket."""

from __future__ import annotations

import logging

import pytest

from nexus.access.origins import Origins, canonical_origins
from nexus.access.public_address import AddressSource, PublicAddress, read_address, read_netloc

LISTED = canonical_origins("https://vote.example, HTTP://Other.Example:8080/")


def allows(origin: str, public: PublicAddress, site: str = "") -> bool:
    return Origins(LISTED).allows(origin, public, port=8000, site=site)


def named(host: str, *, port_told: bool = True) -> PublicAddress:
    """The address of a Host header."""
    netloc = read_netloc(host)
    assert netloc is not None
    return PublicAddress("http", netloc.host, netloc.port or 80, "", AddressSource.HOST, port_told)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://vote.example", "inner:9000"),
        ("https://vote.example:443", "inner:9000"),
        ("http://other.example:8080", "inner:9000"),
        ("https://hall.example", "hall.example"),
        ("http://hall.example", "hall.example:80"),
        ("http://10.0.0.5:8000", "10.0.0.5:8000"),
        ("https://10.0.0.5:8443", "10.0.0.5:8443"),
        ("http://[2001:db8::1]:8000", "[2001:DB8::1]:8000"),
        ("http://localhost:8000", "127.0.0.1:8000"),
        ("https://127.0.0.1:8000", "hall.example"),
        ("http://[::1]:8000", "localhost:8000"),
    ],
)
def test_origin_allowed_for_own_pages_and_listed_ones(origin: str, host: str) -> None:
    assert allows(origin, named(host))


FOREIGN = [
    "https://evil.example",
    "http://vote.example",
    "https://vote.example:444",
    "https://vote.example.evil.example",
    "https://hall.example.evil.example",
    "https://hall.example@evil.example",
    "https://somebody@hall.example",
    "http://localhost:9999",
    "https://hall.example/path",
    "null",
    "",
    "file://",
    "http://[broken",
    "http://hall.example:99999",
]


@pytest.mark.parametrize("origin", [*FOREIGN, "https://hall.example:8443", "http://hall.example:8000"])
def test_origin_refused_for_any_other_page(origin: str) -> None:
    assert not allows(origin, named("hall.example"))


@pytest.mark.parametrize("origin", ["https://hall.example:8443", "http://hall.example:8000", "https://hall.example"])
def test_a_proxy_that_leaves_the_port_out_stops_no_page_of_its_host(origin: str) -> None:
    assert allows(origin, named("hall.example", port_told=False))


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_proxy_that_leaves_the_port_out_lets_no_other_host_in(origin: str) -> None:
    assert not allows(origin, named("hall.example", port_told=False))


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "inner", "hall.example"])
def test_a_page_that_the_browser_calls_our_own_is(host: str) -> None:
    assert allows("https://hall.example:8443", named(host), "same-origin")
    for site in ("same-site", "cross-site", "none", ""):
        assert not allows("https://hall.example:8443", named(host), site)


@pytest.mark.parametrize("site", ["", "same-origin"])
def test_the_setting_rules_alone(site: str) -> None:
    public = read_address("https://hall.example:8443/nexus")
    assert allows("https://hall.example:8443", public, site)
    assert allows("http://localhost:8000", public, site)
    assert allows("https://vote.example", public, site)
    for origin in ("http://hall.example:8443", "https://hall.example", "https://10.0.0.5:8443", *FOREIGN):
        assert not allows(origin, public, site), origin


def test_a_refusal_is_logged_once_a_minute_with_both_addresses(caplog: pytest.LogCaptureFixture) -> None:
    origins = Origins(LISTED)
    with caplog.at_level(logging.WARNING):
        for origin in ("https://hall.example:8443", *["https://evil.example\n" + "x" * 5000] * 100):
            assert not origins.allow(origin, named("hall.example"), port=8000, site="")
        assert origins.allow("https://hall.example", named("hall.example"), port=8000, site="")
    (record,) = caplog.records
    text = record.getMessage()
    assert "'https://hall.example:8443' at http://hall.example" in text
    assert "NEXUS_PUBLIC_URL" in text and "NEXUS_ALLOWED_ORIGINS" in text


@pytest.mark.parametrize("text", ["*", "vote.example", "https://a.example https://b.example", "ws://a.example"])
def test_canonical_origins_names_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        canonical_origins(f"https://vote.example,{text}")
