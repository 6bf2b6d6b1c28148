"""The interfaces as documents: OpenAPI, made from the table of calls, and the pages that show it and AsyncAPI."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]
"""A document, or an object in it."""
