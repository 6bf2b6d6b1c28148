"""Names for the voters of anonymous polls: the same within a poll, without a tie to any other poll or to the voter."""

from __future__ import annotations

import hmac


class Pseudonyms:
    """Keyed hashes: whoever lacks the key cannot try out subjects until one fits (`user:1`, `user:2`, …)."""

    def __init__(self, key: bytes) -> None:
        """`key` is the service's own; what signs tokens and what names voters are different keys made of it."""
        self._key = hmac.digest(key, b"nexus pseudonyms", "sha256")

    def of(self, poll: int, voter: str) -> str:
        """The voter's name in this poll alone: 16 hex digits."""
        return hmac.digest(self._key, f"{poll} {voter}".encode(), "sha256").hex()[:16]
