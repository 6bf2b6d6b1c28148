"""The headers that all pages for people have."""

from __future__ import annotations

from collections.abc import Sequence

from nexus.http.framework.static import page_headers

PAGE_TYPE = "text/html; charset=utf-8"
"""The media type of a page."""

# The screens never turn text into HTML, and the browser enforces that (Trusted Types).
_TEXT_IS_TEXT = ("require-trusted-types-for 'script'", "trusted-types 'none'")

PAGE_HEADERS = page_headers(*_TEXT_IS_TEXT)
"""Of a page that nobody may frame."""


def framed_headers(embedders: Sequence[str]) -> dict[str, str]:
    """Of a page that pages of the origins `embedders` may frame."""
    return page_headers(*_TEXT_IS_TEXT, framed_by=embedders)
