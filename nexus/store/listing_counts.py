"""Counts of long lists, kept for a moment: counting reads an index to its end, and everyone asks for the same."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

LONG = 5_000
"""Shorter lists are counted each time."""

RENEWED_S = 1.5
"""After this long the next caller counts again; the others get the old count meanwhile."""

STALE_S = 1.9
"""Nobody gets an older count: lists may lag by 2 s (docs/contract.md, "Lists")."""

KEPT = 1_000
"""Counts in memory; beyond that the oldest is dropped."""


class _Counted(NamedTuple):
    n: int
    at: float
    renewing: bool


class Counts:
    """Counts by the key of what was counted, of one worker and one database. `clock` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[object, _Counted] = {}

    def begin(self) -> float:
        """The time of a count that begins now."""
        return self._clock()

    def get(self, key: object) -> int | None:
        """The count of `key`; None where the caller is to count."""
        kept, now = self._kept.get(key), self._clock()
        if kept is None or now - kept.at > STALE_S:
            return None
        if now - kept.at > RENEWED_S and not kept.renewing:
            self._kept[key] = kept._replace(renewing=True)
            return None
        return kept.n

    def keep(self, key: object, n: int, at: float) -> None:
        """Keep a count that began `at`, where it is long."""
        self._kept.pop(key, None)
        if n >= LONG:
            self._kept[key] = _Counted(n, at, renewing=False)
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
