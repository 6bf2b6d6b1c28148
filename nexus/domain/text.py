"""Text as people write it: what is compared, and what can be kept at all."""

from __future__ import annotations


def fold(text: str) -> str:
    """An option's text as it is compared: trimmed and case-folded."""
    return text.strip().casefold()
