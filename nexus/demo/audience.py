"""What a simulated audience does: what it likes, how fast it votes, and how far it is with arriving."""

from __future__ import annotations

import asyncio
import math
import random
from typing import TextIO

FORGETTING_S = 10.0


class Mood:
    """What an audience likes: a leaning for each option that wanders at random, and never far for long."""

    def __init__(self, options: int, chance: random.Random) -> None:
        self._chance = chance
        self._leanings = [chance.gauss(0.0, 1.0) for _ in range(options)]

    def drift(self, seconds: float) -> None:
        """Let so much time pass: an Ornstein-Uhlenbeck step of standard deviation 1."""
        kept = math.exp(-seconds / FORGETTING_S)
        spread = math.sqrt(1.0 - kept**2)
        self._leanings = [kept * one + self._chance.gauss(0.0, spread) for one in self._leanings]

    def choose(self) -> int:
        """The number of the option that somebody picks now."""
        weights = [math.exp(leaning) for leaning in self._leanings]
        return self._chance.choices(range(len(weights)), weights)[0]


class Pace:
    """Lets one after another through: `rate` a second, never more than twice that, in the order in which they came."""

    def __init__(self, rate: float, chance: random.Random) -> None:
        self._pause_s = 1.0 / rate
        self._chance = chance
        self._turn = asyncio.Lock()

    async def turn(self) -> None:
        """Wait for one's turn."""
        async with self._turn:
            await asyncio.sleep(self._pause_s * self._chance.uniform(0.5, 1.5))


class Progress:
    """How far a long work is: one line that is rewritten on a TTY, else a line for each quarter."""

    def __init__(self, what: str, total: int, out: TextIO) -> None:
        self._what = what
        self._total = total
        self._out = out
        self._done = 0

    def step(self) -> None:
        """One more is done."""
        self._done += 1
        line = f"{self._what} {self._done}/{self._total}"
        if self._out.isatty():
            self._out.write(f"\r\x1b[K{line}" + ("\n" if self._done == self._total else ""))
        elif self._done * 4 // self._total > (self._done - 1) * 4 // self._total:
            self._out.write(f"{line}\n")
        self._out.flush()
