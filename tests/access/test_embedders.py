"""Whose pages may frame polls: the setting, and what it refuses."""

from __future__ import annotations

import pytest

from nexus.access.embedders import read_embedders
from nexus.errors import SettingsError
from nexus.settings import Settings


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("", ()),
        ("https://courses.example.org", ("https://courses.example.org",)),
        (
            " HTTPS://Courses.Example.org/ , http://localhost:8000,",
            ("https://courses.example.org", "http://localhost:8000"),
        ),
        ("https://a.example:443,https://a.example", ("https://a.example",)),
        ("http://a.example:443, http://a.example:80", ("http://a.example:443", "http://a.example")),
        ("https://*.example.org", ("https://*.example.org",)),
        ("https://*.example.org:8443", ("https://*.example.org:8443",)),
        ("http://192.0.2.7:3000", ("http://192.0.2.7:3000",)),
        ("https://xn--mller-kva.example", ("https://xn--mller-kva.example",)),
    ],
)
def test_embedders_are_named_as_a_policy_names_them(text: str, sources: tuple[str, ...]) -> None:
    assert Settings.load({"NEXUS_EMBED_ORIGINS": text}).embedders == sources


@pytest.mark.parametrize(
    "text",
    [
        *("*", "https://*", "https://*.org", "https://*.*.example.org", "https://a.*.example", "*.example.org"),
        *("courses.example.org", "//courses.example.org", "ftp://a.example", "null", "'self'", "'none'", "https:"),
        *("https://a.example/path", "https://a.example//", "https://a.example?x", "https://a.example#x"),
        *("https://user@a.example", "https://a.example:0", "https://a.example:99999", "https://a.example:port"),
        *(
            "https://a.example; script-src *",
            "https://a.example https://b.example",
            "https://a.example\n",
            "https://a_b,,-",
        ),
        *("https://m\u00fcller.example", "https://[::1]:8000", "https://a.example.", "https://", "https://a..example"),
    ],
)
def test_what_is_no_origin_stops_the_start_with_one_line(text: str) -> None:
    if "\n" in text:
        with pytest.raises(ValueError, match="origins"):
            read_embedders(f"https://b.example,{text}x")
        return
    with pytest.raises(SettingsError) as refused:
        Settings.load({"NEXUS_EMBED_ORIGINS": f"https://b.example,{text}"})
    told = str(refused.value)
    assert told.startswith("NEXUS_EMBED_ORIGINS must ")
    assert "origins" in told
    assert "\n" not in told
