"""A check of the frames of many sockets together: at one place, all of them are shown the same state."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from tests.support.values import Json

REMEMBERED = 1_000
"""Frames, so that what thousands get is read once."""


class ShownState(NamedTuple):
    """What totals said at one place: (status, voters, ballots), and the counts where somebody was shown them."""

    heads: tuple[str, int, int]
    counts: dict[int, int] | None


class FrameChecker:
    """Reads the frames of an audience's sockets, and checks that at one place all are shown the same state.

    `seen` is by (poll, epoch, version). Thousands get the same frame, which is read and checked once.
    """

    def __init__(self) -> None:
        self.seen: dict[tuple[int, int, int], ShownState] = {}
        self.breaches: list[str] = []
        self._read: dict[bytes, Json] = {}

    def read(self, data: bytes) -> Json:
        """The frame of a text."""
        frame = self._read.get(data)
        if frame is None:
            frame = msgspec.json.decode(data, type=Json)
            totals = frame if frame["type"] == "totals" else frame.get("totals")
            if totals is not None:
                self._check(totals)
            if len(self._read) >= REMEMBERED:
                self._read.clear()
            self._read[data] = frame
        return frame

    def _check(self, totals: Json) -> None:
        full = totals["visibility"] == "full"
        if any((one["votes_count"] is not None) is not full for one in totals["options"]):
            self.breaches.append(f"counts and visibility disagree: {totals}")
        if totals["final"] is not (totals["status"] == "closed"):
            self.breaches.append(f"final and status disagree: {totals}")
        place = totals["poll"], totals["epoch"], totals["version"]
        heads = (totals["status"], totals["voters"], totals["total_votes"])
        counts = {one["id"]: one["votes_count"] for one in totals["options"]} if full else None
        known = self.seen.setdefault(place, ShownState(heads, counts))
        if known.counts is None and counts is not None:
            known = self.seen[place] = ShownState(known.heads, counts)
        if heads != known.heads or counts not in (None, known.counts):
            self.breaches.append(f"another socket was shown {known} there: {totals}")
