"""Text as people write it: what is compared, and what can be kept at all."""

from __future__ import annotations


def fold(text: str) -> str:
    """An option's text as it is compared: trimmed and case-folded."""
    return text.strip().casefold()


def has_lone_surrogate(text: str) -> bool:
    """Whether `text` has half of a surrogate pair: JSON can say so (RFC 8259, section 8.2), and no UTF-8 can."""
    return any("\ud800" <= char <= "\udfff" for char in text)
