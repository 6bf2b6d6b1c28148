"""The headers that all pages for people have."""

from __future__ import annotations

from nexus.http.framework.static import page_headers

PAGE_TYPE = "text/html; charset=utf-8"
"""The media type of a page."""

PAGE_HEADERS = page_headers("require-trusted-types-for 'script'", "trusted-types 'none'")
"""The screens never turn text into HTML, and the browser enforces that (Trusted Types)."""
