"""Names for the ballots of anonymous polls: the same in every export, and without a tie to the voter.

Each ballot has its own name, and another one in each round. If a voter's ballots shared a name, the history would tell
whose they are, by who took part in which rounds and how often.
"""

from __future__ import annotations

import hmac
from uuid import UUID


class Pseudonyms:
    """Keyed hashes: without the key nobody can try out subjects (`user:1`, `user:2`, …) until one fits."""

    def __init__(self, key: bytes) -> None:
        """`key` is the service's secret; the key that names ballots is derived from it, and signs no token."""
        self._key = hmac.digest(key, b"nexus pseudonyms", "sha256")

    def pseudonym(self, poll: int, epoch: int, voter: str, slot: UUID) -> str:
        """The name of a voter's ballot in one round of one poll: a `b` and 16 hex digits.

        The letter keeps a spreadsheet from reading `12345678e9012345` as a number.
        """
        return "b" + hmac.digest(self._key, f"{poll} {epoch} {slot} {voter}".encode(), "sha256").hex()[:16]
