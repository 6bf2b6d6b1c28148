"""Places for what takes a scarce part of a worker: how many may want it at once, and whose turn it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from nexus.access.limits import Caps
from nexus.errors import TooMany, Unavailable


@dataclass(frozen=True, slots=True)
class TurnRules:
    """How long one waits for a turn, and what one who gets no place is told: `own` where the places are that voter's,
    `all` where they are others'."""

    own: str
    all: str
    retry_s: float
    """After which a client that was refused should try again."""
    turn_s: float
    """How long one waits for its turn."""
    refusal: type[TooMany] | type[Unavailable] = TooMany
    """`Unavailable` where nobody did too much by themselves: the queue is full."""

    @contextmanager
    def place(self, places: Caps, voter: str) -> Iterator[None]:
        """One of the places, given back however it ends. Raises `refusal` where a cap is reached."""
        if not places.acquire(voter):
            raise self.refusal(self.own if places.is_full(voter) else self.all, after_s=self.retry_s)
        try:
            yield
        finally:
            places.release(voter)

    @asynccontextmanager
    async def turn(self, turns: asyncio.Semaphore) -> AsyncIterator[None]:
        """A turn, in the order in which they were asked for. Raises `refusal` where it takes longer than `turn_s`."""
        try:
            async with asyncio.timeout(self.turn_s):
                await turns.acquire()
        except TimeoutError:
            raise self.refusal(self.all, after_s=self.retry_s) from None
        try:
            yield
        finally:
            turns.release()
