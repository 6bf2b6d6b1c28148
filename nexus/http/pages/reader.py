"""Who reads a page: the language that they want it in."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import Scope

from nexus.http.pages.words import Words

VARY = "Accept-Encoding, Accept-Language"
"""What a page depends on beside its address."""


def language_of(scope: Scope, words: Words) -> str:
    """The language of a page, by what the reader's browser asks for."""
    return words.choose(Request(scope).headers.get("accept-language", ""))
