"""What a simulated audience does: what it likes, how fast it votes, and how far it has arrived."""

from __future__ import annotations

import asyncio
import math
import random
from typing import TextIO

FORGETTING_S = 10.0
"""After this time a mood has little to do with what it was."""


class Mood:
    """What an audience likes: a leaning for each option, which drifts at random but never far for long."""

    def __init__(self, options: int, chance: random.Random) -> None:
        self._chance = chance
        self._leanings = [chance.gauss(0.0, 1.0) for _ in range(options)]

    def drift(self, seconds: float) -> None:
        """Let `seconds` pass: a step of an Ornstein-Uhlenbeck process with standard deviation 1."""
        kept = math.exp(-seconds / FORGETTING_S)
        spread = math.sqrt(1.0 - kept**2)
        self._leanings = [kept * one + self._chance.gauss(0.0, spread) for one in self._leanings]

    def choose(self) -> int:
        """The index of the option that a voter picks now."""
        weights = [math.exp(leaning) for leaning in self._leanings]
        return self._chance.choices(range(len(weights)), weights)[0]


class Pace:
    """Lets voters through one by one, in order: `rate` per second on average, and never more than twice that."""

    def __init__(self, rate: float, chance: random.Random) -> None:
        self._pause_s = 1.0 / rate
        self._chance = chance
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for a turn."""
        async with self._turn:
            await asyncio.sleep(self._pause_s * self._chance.uniform(0.5, 1.5))


class Progress:
    """How far a long task is: one line, rewritten, on a terminal; otherwise a line for each quarter."""

    def __init__(self, what: str, total: int, out: TextIO) -> None:
        self._what = what
        self._total = total
        self._out = out
        self._done = 0

    def step(self) -> None:
        """Count one more as done, and show it."""
        self._done += 1
        line = f"{self._what} {self._done}/{self._total}"
        if self._out.isatty():
            self._out.write(f"\r\x1b[K{line}" + ("\n" if self._done == self._total else ""))
        elif self._done * 4 // self._total > (self._done - 1) * 4 // self._total:
            self._out.write(f"{line}\n")
        self._out.flush()
