"""What proxies say of a request: believed of trusted ones only, and of no client."""

from __future__ import annotations

import time
from functools import partial

import pytest

from nexus.access.forwarded import Forwarded, TrustedHops, read_forwarded
from nexus.access.public_address import Netloc

PROXY, OUTER, CLIENT = "127.0.0.1", "10.0.0.9", "203.0.113.7"
TRUSTED = TrustedHops("127.0.0.1, ::1, 10.0.0.0/8")


said = partial(Forwarded, by_proxy=True)


def read(peer: str = PROXY, trusted: TrustedHops = TRUSTED, /, **headers: str) -> Forwarded:
    given = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return read_forwarded(given, peer, trusted)


def test_nothing_is_believed_of_a_peer_that_is_not_trusted() -> None:
    told = read(CLIENT, x_forwarded_for="10.1.1.1", x_forwarded_host="evil.example", forwarded="host=evil.example")
    assert told == Forwarded(CLIENT)


def test_the_usual_headers_of_one_proxy() -> None:
    told = read(
        x_forwarded_for=CLIENT, x_forwarded_proto="https", x_forwarded_host="vote.example.org", x_forwarded_port="8443"
    )
    assert told == said(CLIENT, "https", Netloc("vote.example.org", None), 8443)


@pytest.mark.parametrize(
    ("given", "client"),
    [
        (CLIENT, CLIENT),
        (f"{CLIENT}:50000", CLIENT),
        ("[2001:db8::7]:50000", "2001:db8::7"),
        ("2001:DB8::7", "2001:db8::7"),
        (f"::ffff:{CLIENT}", CLIENT),
        (f"198.51.100.1, {CLIENT}", CLIENT),
        (f"198.51.100.1, {CLIENT}, {OUTER}", CLIENT),
        (f"127.0.0.1, {CLIENT}, {OUTER}, 10.2.2.2", CLIENT),
        (f"nonsense, {CLIENT}", CLIENT),
        ("10.7.7.7", "10.7.7.7"),
        ("unknown", PROXY),
        ("_hidden", PROXY),
        (f"unknown, {OUTER}", OUTER),
        (f"{CLIENT}, not an address", PROXY),
        ("", PROXY),
        (",,,", PROXY),
        ("[::1", PROXY),
    ],
)
def test_the_client_is_the_last_address_that_is_no_trusted_proxy(given: str, client: str) -> None:
    assert read(x_forwarded_for=given).client == client


@pytest.mark.parametrize(
    ("clients", "hosts", "host"),
    [
        (CLIENT, "vote.example.org", "vote.example.org"),
        (CLIENT, "evil.example, vote.example.org", "vote.example.org"),
        (f"{CLIENT}, {OUTER}", "vote.example.org, inner", "vote.example.org"),
        (f"{CLIENT}, {OUTER}", "evil.example, vote.example.org, inner", "vote.example.org"),
        (f"{CLIENT}, {OUTER}", "vote.example.org", "vote.example.org"),
        (f"{CLIENT}, 198.51.100.1", "far.example, near.example", "near.example"),
    ],
)
def test_the_host_is_the_one_that_the_outermost_trusted_proxy_wrote(clients: str, hosts: str, host: str) -> None:
    assert read(x_forwarded_for=clients, x_forwarded_host=hosts).netloc == Netloc(host, None)


@pytest.mark.parametrize(
    "host", ["evil.example/path", "a b", "user@evil.example", "evil.example:99999", "[::1", "<script>", "\xff"]
)
def test_a_host_that_fits_into_no_url_is_ignored(host: str) -> None:
    assert read(x_forwarded_host=host).netloc is None


@pytest.mark.parametrize(
    ("scheme", "port", "read_port"),
    [
        ("https", "8443", 8443),
        ("https", "443", 443),
        ("https", "80", None),
        ("http", "443", None),
        ("https", "0", None),
        ("https", "65536", None),
        ("https", "٣", None),
        ("https", "443.0", None),
        ("gopher", "70", 70),
    ],
)
def test_a_port_is_a_port_and_not_the_other_schemes(scheme: str, port: str, read_port: int | None) -> None:
    given = [(b"x-forwarded-proto", scheme.encode()), (b"x-forwarded-port", port.encode())]
    assert read_forwarded(given, PROXY, TRUSTED).port == read_port


@pytest.mark.parametrize(
    ("given", "scheme"),
    [("https", "https"), ("HTTP", "http"), ("wss", "https"), ("https, http", "http"), ("javascript", None), ("", None)],
)
def test_a_scheme_is_http_or_https(given: str, scheme: str | None) -> None:
    assert read(x_forwarded_for=CLIENT, x_forwarded_proto=given).scheme == scheme


@pytest.mark.parametrize(
    ("given", "prefix"),
    [
        ("/nexus", "/nexus"),
        ("/nexus/", "/nexus"),
        ("/a/b", "/a/b"),
        ("/", ""),
        ("nexus", ""),
        ("//evil.example", ""),
        ("/../x", ""),
        ("/a?b", ""),
        ("/a\\b", ""),
        ("https://evil.example/", ""),
    ],
)
def test_a_prefix_is_a_path_and_nothing_else(given: str, prefix: str) -> None:
    assert read(x_forwarded_prefix=given).prefix == prefix


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            f'for={CLIENT};proto=https;host="vote.example.org:8443"',
            said(CLIENT, "https", Netloc("vote.example.org", 8443)),
        ),
        (f"For={CLIENT} ; Proto=HTTPS;by=_x", said(CLIENT, "https")),
        (
            'for="[2001:db8::7]:4711";host="[2001:db8::1]"',
            said("2001:db8::7", None, Netloc("[2001:db8::1]", None)),
        ),
        (
            f"for=198.51.100.1;host=evil.example, for={CLIENT};host=a.example",
            said(CLIENT, None, Netloc("a.example", None)),
        ),
        (
            f"for={CLIENT};host=vote.example.org;proto=https, for={OUTER};host=inner;proto=http",
            said(CLIENT, "https", Netloc("vote.example.org", None)),
        ),
        (f", ,for={CLIENT},", said(CLIENT)),
        (f'for="{CLIENT[0]}\\{CLIENT[1:]}"', said(CLIENT)),
        ("for=unknown;proto=https", said(PROXY, "https")),
        ("for=_secret", said(PROXY)),
        ("proto=https", said(PROXY, "https")),
    ],
)
def test_forwarded_is_read_as_its_rfc_says(given: str, told: Forwarded) -> None:
    assert read(forwarded=given) == told


@pytest.mark.parametrize(
    "given",
    [
        "nonsense",
        f"for={CLIENT};host=",
        f"for={CLIENT} host=evil.example",
        f'for={CLIENT};host="evil.example',
        f"for={CLIENT};host=evil.example;host=vote.example",
        f"for={CLIENT};;host=evil.example",
        f"for={CLIENT};host=evil.example/path, x",
        "for=[2001:db8::7]",
        "=",
        '"',
    ],
)
def test_a_forwarded_that_is_not_valid_is_ignored(given: str) -> None:
    assert read(forwarded=given) == Forwarded(PROXY)


def test_forwarded_is_not_read_beside_the_usual_headers() -> None:
    """nginx passes on the Forwarded of a client when it writes X-Forwarded-For."""
    told = read(x_forwarded_for=CLIENT, forwarded="for=192.0.2.1;host=evil.example;proto=https")
    assert told == said(CLIENT)


def test_several_lines_of_a_header_are_one_list() -> None:
    lines = [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-for", CLIENT.encode())]
    assert read_forwarded(lines, PROXY, TRUSTED).client == CLIENT


def test_all_are_trusted_where_the_operator_says_so() -> None:
    trusted = TrustedHops("*")
    assert read("192.0.2.1", trusted, x_forwarded_for=f"{CLIENT}, 198.51.100.1").client == CLIENT


@pytest.mark.parametrize("text", ["proxy", "10.0.0.0/33", "127.0.0.1;::1", "10.0.0", "**", "http://10.0.0.1"])
def test_what_is_neither_address_nor_network_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not one"):
        TrustedHops(f"127.0.0.1,{text}")


@pytest.mark.parametrize("header", ["x_forwarded_for", "x_forwarded_host", "forwarded"])
@pytest.mark.parametrize(
    "text", ["10.0.0.1, " * 3000, "for=10.0.0.1, " * 2300, 'for="' + "\\a" * 16000, "a" * 32000, "," * 32000]
)
def test_a_long_list_takes_no_long_time(header: str, text: str) -> None:
    began = time.process_time()
    read(**{header: text})
    assert time.process_time() - began < 0.1
