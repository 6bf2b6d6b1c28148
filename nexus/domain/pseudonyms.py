"""Names for the ballots of anonymous polls: the same in every export, and without a tie to the voter.

A ballot has a name of its own, and another in each round: by the names a voter's ballots had in common, who takes part
in which rounds, or how often, the history would tell whose they are.
"""

from __future__ import annotations

import hmac
from uuid import UUID


class Pseudonyms:
    """Keyed hashes: whoever lacks the key cannot try out subjects until one fits (`user:1`, `user:2`, …)."""

    def __init__(self, key: bytes) -> None:
        """`key` is the service's own; what signs tokens and what names ballots are different keys made of it."""
        self._key = hmac.digest(key, b"nexus pseudonyms", "sha256")

    def of(self, poll: int, epoch: int, voter: str, slot: UUID) -> str:
        """The name of a voter's ballot in one round of one poll: 16 hex digits."""
        return hmac.digest(self._key, f"{poll} {epoch} {slot} {voter}".encode(), "sha256").hex()[:16]
