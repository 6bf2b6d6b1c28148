"""Which web pages may open a socket."""

from __future__ import annotations

import pytest

from nexus.access.origins import canonical_origins, origin_allowed

ALLOWED = canonical_origins("https://vote.example, HTTP://Other.Example:8080/")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://vote.example", "inner:9000"),
        ("https://vote.example:443", "inner:9000"),
        ("http://other.example:8080", "inner:9000"),
        ("https://hall.example", "hall.example"),
        ("http://hall.example", "hall.example:80"),
        ("http://10.0.0.5:8000", "10.0.0.5:8000"),
        ("http://[2001:db8::1]:8000", "[2001:DB8::1]:8000"),
        ("http://localhost:8000", "127.0.0.1:8000"),
        ("https://127.0.0.1:8000", "hall.example"),
        ("http://[::1]:8000", "localhost:8000"),
    ],
)
def test_origin_allowed_for_own_pages_and_listed_ones(origin: str, host: str) -> None:
    assert origin_allowed(origin, host, port=8000, allowed=ALLOWED)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://vote.example",
        "https://vote.example:444",
        "https://vote.example.evil.example",
        "https://hall.example.evil.example",
        "https://hall.example@evil.example",
        "https://somebody@hall.example",
        "http://localhost:9999",
        "https://vote.example/path",
        "null",
        "",
        "file://",
        "http://[broken",
        "http://hall.example:99999",
    ],
)
def test_origin_refused_for_any_other_page(origin: str) -> None:
    assert not origin_allowed(origin, "hall.example", port=8000, allowed=ALLOWED)


def test_origin_of_no_host_is_refused() -> None:
    assert not origin_allowed("https://evil.example", "", port=8000, allowed=ALLOWED)


@pytest.mark.parametrize("text", ["*", "vote.example", "https://a.example https://b.example", "ws://a.example"])
def test_canonical_origins_names_what_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        canonical_origins(f"https://vote.example,{text}")
