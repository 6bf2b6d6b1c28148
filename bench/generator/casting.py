"""How a crowd votes."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable

from bench.generator.crowd import Crowd

_LONGEST_TURN_S = 0.02
_SHORT_TURN_S = 0.001


class Closed:
    """Closed loop: each voter casts its next vote when the last one is answered."""

    def __init__(self, crowd: Crowd, voters: int) -> None:
        self._crowd = crowd
        self._voters = range(voters)

    def run(self, seconds: float) -> float:
        """Begin, if it has not begun, and go on for so long; returns the seconds it took."""
        began = time.perf_counter()
        if self._crowd.acked is None:
            self._crowd.acked = self._crowd.cast
            for voter in self._voters:
                self._crowd.cast(voter)
        self._crowd.watch(seconds)
        return time.perf_counter() - began

    def stop(self, within_s: float = 0.5) -> None:
        """Cast no more, and let the last answers arrive."""
        self._crowd.acked = _nothing
        self._crowd.watch(within_s)


class Offered:
    """Open loop: votes at a steady rate from random voters, whatever becomes of those before.

    A vote counts from when it was due, also where every voter still waits for an answer.
    """

    def __init__(self, crowd: Crowd, voters: int, rate: float, seed: int = 11) -> None:
        order = list(range(voters))
        random.Random(seed).shuffle(order)
        self._crowd = crowd
        self._rate = rate
        self._idle = deque(order)
        self.offered = 0
        crowd.acked = self._idle.append

    def run(self, seconds: float) -> float:
        """Offer votes for so long; returns the seconds it took."""
        crowd, began, step = self._crowd, time.perf_counter(), 1 / self._rate
        due = began
        while (now := time.perf_counter()) < began + seconds:
            while due <= now and self._idle:
                crowd.cast(self._idle.popleft(), due)
                self.offered += 1
                due += step
            crowd.turn(min(_LONGEST_TURN_S, max(0.0, due - now)) if self._idle else _LONGEST_TURN_S)
        return time.perf_counter() - began


class Once:
    """Each voter votes once, spread evenly over some seconds in random order; one that is not `ready` when its vote is
    due votes as soon as it is."""

    def __init__(self, crowd: Crowd, voters: int, ready: Callable[[int], bool], seed: int = 11) -> None:
        self._crowd = crowd
        self._order = list(range(voters))
        self._ready = ready
        random.Random(seed).shuffle(self._order)
        crowd.acked = None

    def run(self, seconds: float) -> None:
        """Have them all vote, and wait for nothing."""
        crowd, step, began = self._crowd, seconds / len(self._order), time.perf_counter()
        waiting: deque[int] = deque()
        at = 0
        while at < len(self._order) or waiting:
            now = time.perf_counter()
            while at < len(self._order) and began + at * step <= now:
                waiting.append(self._order[at])
                at += 1
            for _ in range(len(waiting)):
                voter = waiting.popleft()
                if self._ready(voter):
                    crowd.cast(voter)
                else:
                    waiting.append(voter)
            crowd.turn(_SHORT_TURN_S)
            if crowd.lost:
                raise RuntimeError(f"{crowd.lost} clients were lost")


def _nothing(client: int) -> None:
    """Cast no further vote."""
