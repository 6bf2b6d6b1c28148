"""How many voters watch a poll over all workers, each of whom knows its own alone (docs/contract.md, "Presence").

A worker tells the others how many voters it has, and a sample of them: their marks with the smallest values, a few
hundred at most. A mark is a hash, so a voter has the same one on every worker, and the marks below a bound are a random
sample of all voters: what part of it is there twice says how many voters are.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import NamedTuple

SAMPLE = 256
"""Marks in a sample, at most: 2 KiB."""

MARK_BYTES = 8
"""The length of a mark."""


class Crowd(NamedTuple):
    """The voters whom one worker has in a room: how many, and their smallest marks, joined in rising order."""

    voters: int
    sample: bytes = b""

    def marks(self) -> list[bytes]:
        """The marks of the sample."""
        return [self.sample[at : at + MARK_BYTES] for at in range(0, len(self.sample), MARK_BYTES)]


def mark(voter: str) -> bytes:
    """A voter's mark, the same on every worker."""
    return blake2b(voter.encode(), digest_size=MARK_BYTES).digest()


def crowd(marks: Collection[bytes]) -> Crowd:
    """A crowd of the voters with these marks."""
    return Crowd(len(marks), b"".join(heapq.nsmallest(SAMPLE, marks)))


def distinct(crowds: Iterable[Crowd]) -> int:
    """How many voters `crowds` have together.

    Exact where each has at most `SAMPLE` voters, and where no voter is in two of them. Otherwise an estimate: of a
    sample of at least `SAMPLE` voters, the part that is in several crowds is taken for that of all. A crowd without a
    sample counts as one that shares no voter.
    """
    found = list(crowds)
    samples = [(one.voters, one.marks()) for one in found]
    bounds = [marks[-1] for voters, marks in samples if 0 < len(marks) < voters]
    last = min(bounds, default=b"\xff" * MARK_BYTES)
    drawn = [value for _, marks in samples for value in marks if value <= last]
    if not drawn:
        return sum(one.voters for one in found)
    sampled = sum(voters for voters, marks in samples if marks)
    unsampled = sum(voters for voters, marks in samples if not marks)
    together = unsampled + round(sampled * len(set(drawn)) / len(drawn))
    return max(together, *(one.voters for one in found))
