"""The address by which people reach the service, as a setting and as a Host header."""

from __future__ import annotations

import pytest

from nexus.access.public_address import Netloc, read_address, read_netloc


@pytest.mark.parametrize(
    ("text", "url", "origin"),
    [
        ("https://vote.example.org", "https://vote.example.org/host", "https://vote.example.org"),
        ("https://vote.example.org/", "https://vote.example.org/host", "https://vote.example.org"),
        ("https://Vote.Example.org:443", "https://vote.example.org/host", "https://vote.example.org"),
        ("https://vote.example.org:8443", "https://vote.example.org:8443/host", "https://vote.example.org:8443"),
        ("http://vote.example.org:443", "http://vote.example.org:443/host", "http://vote.example.org:443"),
        ("https://example.org/nexus/", "https://example.org/nexus/host", "https://example.org"),
        ("https://example.org/a/b_c/~d", "https://example.org/a/b_c/~d/host", "https://example.org"),
        ("http://[2001:DB8:0::1]:8000", "http://[2001:db8::1]:8000/host", "http://[2001:db8::1]:8000"),
        ("http://192.168.1.20:8000", "http://192.168.1.20:8000/host", "http://192.168.1.20:8000"),
        ("https://xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example/host", "https://xn--mnchen-3ya.example"),
    ],
)
def test_an_address_makes_urls_and_an_origin(text: str, url: str, origin: str) -> None:
    address = read_address(text)
    assert (address.url("/host"), address.origin) == (url, origin)


def test_an_address_says_where_cookies_belong() -> None:
    below, whole = read_address("https://example.org/nexus"), read_address("http://example.org")
    assert (below.cookie_path, below.secure) == ("/nexus/", True)
    assert (whole.cookie_path, whole.secure) == ("/", False)


@pytest.mark.parametrize(
    "text",
    [
        "vote.example.org",
        "//vote.example.org",
        "ftp://vote.example.org",
        "javascript://vote.example.org",
        "https://",
        "https:///nexus",
        "https://host:port",
        "https://host:0",
        "https://host:65536",
        "https://user@vote.example.org",
        "https://user:password@vote.example.org",
        "https://vote.example.org?x=1",
        "https://vote.example.org/?",
        "https://vote.example.org/#top",
        "https://vote.example.org/a//b",
        "https://vote.example.org/../b",
        "https://vote.example.org/a/./b",
        "https://vote.example.org/a b",
        "https://vote.example.org/%2e%2e",
        "https://vote.example.org/a\\b",
        'https://vote.example.org/"><script>',
        "https://vote .example.org",
        "https://vote..example.org",
        "https://münchen.example",
        "https://[::1",
        "https://[fe80::1%eth0]",
        "https://::1",
        f"https://{'a' * 300}.example",
        f"https://vote.example.org/{'a' * 300}",
    ],
)
def test_what_is_no_address_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be an address such as https://[^\n]*\.$"):
        read_address(text)


@pytest.mark.parametrize(
    ("text", "netloc"),
    [
        ("hall.example", Netloc("hall.example", None)),
        ("HALL.example:8000", Netloc("hall.example", 8000)),
        ("hall.example:", Netloc("hall.example", None)),
        ("nexus_web_1:8000", Netloc("nexus_web_1", 8000)),
        ("[2001:DB8::0:1]:8000", Netloc("[2001:db8::1]", 8000)),
        ("[::1]", Netloc("[::1]", None)),
        ("10.0.0.5:80", Netloc("10.0.0.5", 80)),
    ],
)
def test_a_host_is_read_as_browsers_write_it(text: str, netloc: Netloc) -> None:
    assert read_netloc(text) == netloc


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":8000",
        "a/b",
        "a b",
        "a@b",
        "::1",
        "[::1",
        "[hall]",
        "a:b",
        "a:99999",
        "a:-1",
        "a\x00",
        "ä.example",
        "a," * 3,
    ],
)
def test_a_host_that_fits_into_no_url_is_not_read(text: str) -> None:
    assert read_netloc(text) is None
