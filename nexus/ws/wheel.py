"""One timer of the loop for all the sockets of a server.

Timers for each of them cost about as much as all else that a silent socket needs. What must be done to a socket in
time (ping it, cut it, tell it that its token is expiring) can wait for the end of a tick, so thousands share one.
"""

from __future__ import annotations

import asyncio
import logging
import math
from typing import Protocol

logger = logging.getLogger(__name__)

TICK_S = 0.05
"""How late a look may be on a loop that is idle."""
FAR_S = 1.0
"""What is due later than this waits in steps of whole seconds, and in the end of a tick: few steps for many sockets."""
MOST_S = 20.0
"""The longest wait; what is due later is looked at before, in vain."""
SLICE = 200
"""Looks until the loop gets a turn: each may write a ping."""
STALLED_S = 1.0
"""A loop that comes so late has been stalled, and reads what has arrived meanwhile before it takes anybody for gone."""

_TICKS = round(FAR_S / TICK_S)


class Timed(Protocol):
    """What the wheel looks at."""

    tick: int | None
    """The wheel's own mark: where it keeps this one, None while it does not."""

    def look(self, now: float) -> float | None:
        """Do what is due at `now`, by the loop's clock. Returns when to look again, None for never."""


class Wheel:
    """Looks at each of the things put into it when it is due. It keeps them alive: `drop` what has ended."""

    __slots__ = ("_excused", "_loop", "_next", "_steps", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Lives as long as the loop."""
        self._loop = loop
        self._steps: dict[int, set[Timed]] = {}
        self._timer: asyncio.Handle | None = None
        self._next = 0
        self._excused = False

    def __len__(self) -> int:
        """How many things it keeps."""
        return sum(map(len, self._steps.values()))

    def put(self, one: Timed, due: float) -> None:
        """Look at `one` at `due`, by the loop's clock, unless it is looked at sooner anyway."""
        tick = self._tick_of(due)
        if one.tick is not None:
            if one.tick <= tick:
                return
            self.drop(one)
        one.tick = tick
        self._steps.setdefault(tick, set()).add(one)
        if self._timer is None or tick < self._next:
            self._arm(tick)

    def drop(self, one: Timed) -> None:
        """Look at `one` no more."""
        if one.tick is None:
            return
        step = self._steps.get(one.tick)
        if step is not None:
            step.discard(one)
            if not step:
                del self._steps[one.tick]
        one.tick = None

    def _tick_of(self, due: float) -> int:
        now = self._loop.time()
        if due <= now + FAR_S:
            return math.ceil(due / TICK_S)
        return math.floor(min(due, now + MOST_S) / FAR_S) * _TICKS

    def _arm(self, tick: int) -> None:
        self._disarm()
        self._next = tick
        self._timer = self._loop.call_at(tick * TICK_S, self._turn)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _turn(self) -> None:
        now = self._loop.time()
        self._timer = None
        if now > self._next * TICK_S + STALLED_S and not self._excused:
            self._excused = True
            self._arm(math.ceil(now / TICK_S) + 1)
            return
        self._excused = False
        left = SLICE
        for tick in sorted(tick for tick in self._steps if tick * TICK_S <= now):
            left = self._look_at(tick, now, left)
            if not left:
                break
        if not left:
            self._disarm()  # a look may have armed it, and two timers would be two for ever
            self._next = math.floor(now / TICK_S)
            self._timer = self._loop.call_soon(self._turn)
        elif self._steps:
            self._arm(min(self._steps))

    def _look_at(self, tick: int, now: float, left: int) -> int:
        while left and (step := self._steps.get(tick)):
            one = step.pop()
            one.tick = None
            if not step:
                del self._steps[tick]
            left -= 1
            try:
                due = one.look(now)
            except Exception:
                logger.exception("a look at a socket failed")
                continue
            if due is not None:
                self.put(one, due)
        return left
