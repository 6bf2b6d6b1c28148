"""The voters in one place: those whom this worker has there, and those whom the other workers announce. Pure
bookkeeping, no I/O and no clock."""

from __future__ import annotations

from nexus.domain.presence import Crowd, crowd, distinct, mark


class Gathering:
    """The voters who watch a poll, or who follow an event."""

    __slots__ = ("_crowd", "_marks", "announced", "elsewhere", "online")

    def __init__(self) -> None:
        self.elsewhere: dict[str, tuple[Crowd, float]] = {}
        """For each other worker, its voters here, and the monotonic second until which they count."""
        self.online: int | None = None
        """How many voters there are, over all workers; None until they are counted."""
        self.announced: tuple[Crowd, float] = (Crowd(0), 0.0)
        """The voters here that other workers were told of last, and when, in monotonic seconds."""
        self._marks: dict[str, bytes] = {}
        self._crowd: Crowd | None = None

    def note(self, voter: str, *, here: bool) -> None:
        """Keep whether `voter` is here, with any of their sockets."""
        if here == (voter in self._marks):
            return
        self._crowd = None
        if here:
            self._marks[voter] = mark(voter)
        else:
            del self._marks[voter]

    @property
    def crowd(self) -> Crowd:
        """The voters whom this worker has: each once, however many sockets they have."""
        if self._crowd is None:
            self._crowd = crowd(self._marks.values())
        return self._crowd

    def count(self, now: float) -> bool:
        """Count the voters over all workers, as far as known at the monotonic second `now`. Returns whether there are
        more or fewer than before."""
        self.elsewhere = {worker: seen for worker, seen in self.elsewhere.items() if seen[1] > now}
        others = [there for there, _ in self.elsewhere.values()]
        before, self.online = self.online, distinct([self.crowd, *others]) if others else len(self._marks)
        return self.online != before
