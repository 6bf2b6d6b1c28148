"""Fan-out: each room's newest frames to all its viewers, with what the event loop has to spare.

A room that was idle is sent at once; in steady state its passes follow each other at a tick. A pass takes slices of
about a millisecond, and everything else that is ready gets its turn after each (docs/architecture.md, "Step 6: rooms
and fan-out").
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from weakref import WeakKeyDictionary

from nexus.domain.poll import Totals
from nexus.rooms.encoded import EncodedState, Frames
from nexus.rooms.room import Room
from nexus.rooms.viewer import Viewer
from nexus.rooms.writing import Pass, deliver

logger = logging.getLogger(__name__)

TICK_S = 0.05
"""From the start of one pass over a room to the start of the next, at least: 20 frames a second are enough."""
SLICE_S = 0.001
"""How long viewers are written to before others get a turn; by the clock, since a write costs what the kernel takes."""
TURNS = 2
"""Turns of the event loop after each slice: one brings what the database has answered, the next one acts on it."""
QUEUE_PAUSE_S = 0.004
"""After each slice instead, while more votes wait than the loop gets done."""
FRESH_S = 0.05
"""How old the `server_now` of a frame may be."""
RETRY_S = 1.0
"""From a pass that failed for some viewer to the next try."""


def _unmeasured(_: float) -> None:
    """Take the seconds from a change to its last screen, and keep nothing of them."""


def _keeping_up() -> bool:
    """Say that no more votes wait than the loop gets done."""
    return False


class _Output:
    """What fan-out keeps of a room: its encoded frames, and the times of its passes, in the fan-out's seconds."""

    __slots__ = ("changed_at", "due", "encoded", "started")

    def __init__(self) -> None:
        self.encoded: EncodedState | None = None
        self.due = 0.0
        """When the next pass may start."""
        self.started: Totals | None = None
        """The totals with which the last pass started."""
        self.changed_at: float | None = None
        """When totals newer than `started` came."""


class Fanout:
    """Writes the newest state of rooms to their viewers: call `send_soon` for a room that has changed."""

    def __init__(
        self,
        frames: Frames,
        *,
        shown: Callable[[float], None] = _unmeasured,
        votes_queue: Callable[[], bool] = _keeping_up,
        tick_s: float = TICK_S,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`clock` returns seconds. `shown` is told after each pass how long the oldest totals in it took from their
        arrival here to the last screen. `votes_queue` says whether more votes wait than the loop gets done:
        fan-out then takes a fifth of it at most."""
        self.frames = frames
        self._shown = shown
        self._votes_queue = votes_queue
        self._clock = clock
        self._tick_s = tick_s
        self._outputs: WeakKeyDictionary[Room, _Output] = WeakKeyDictionary()
        self._pending: dict[Room, None] = {}
        self._passes: deque[Pass] = deque()
        self._task: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    def send_soon(self, room: Room, *, urgent: bool = False) -> None:
        """Send the room's newest state with the next pass; an `urgent` one does not wait for the tick."""
        output = self._output(room)
        if output.changed_at is None and room.totals is not output.started:
            output.changed_at = self._clock()
        if urgent:
            output.due = 0.0
        self._pending[room] = None
        self._news.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="fan-out")

    def catch_up(self, room: Room, viewer: Viewer) -> None:
        """Send one viewer what it has not been sent: its line is no longer clogged, or it has gained a right."""
        if room.outdated:
            return  # the hub has the room sent again once it knows the definition
        try:
            deliver(room, viewer, self._encoded(room, self._clock()))
        except Exception as error:  # noqa: BLE001 - one viewer's, and nobody's whose ballot gave it a right
            self._try_again(room, 1, error)

    async def _run(self) -> None:
        try:
            while self._pending or self._passes:
                self._news.clear()
                now = self._clock()
                self._start_passes(now)
                if self._passes:
                    self._slice(now)
                    await self.give_way()
                elif self._pending:
                    await self._rest(min(self._output(room).due for room in self._pending) - now)
        except Exception:
            logger.exception("fan-out failed, and goes on with the next change")
        finally:
            self._task = None

    async def give_way(self) -> None:
        """Give everything else its turn after a slice, and more of them while votes queue."""
        if self._votes_queue():
            await asyncio.sleep(QUEUE_PAUSE_S)
            return
        for _ in range(TURNS):
            await asyncio.sleep(0)

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass

    def _start_passes(self, now: float) -> None:
        """Start a pass over each room that waits for one, is due, and has none under way."""
        under_way = {one.room for one in self._passes}
        for room in [room for room in self._pending if room not in under_way]:
            output = self._output(room)
            if output.due > now:
                continue
            del self._pending[room]
            if room.outdated:
                continue  # the hub has it sent again once it knows the definition
            if output.started is not room.totals:  # presence alone makes no totals wait
                output.due = now + self._tick_s
            self._passes.append(Pass(room, output.changed_at))
            output.started, output.changed_at = room.totals, None

    def _slice(self, now: float) -> None:
        """Write for a slice's time to viewers of the rooms whose passes are under way, room by room in turns."""
        end = now + SLICE_S
        while self._passes and now < end:
            one = self._passes.popleft()
            if one.write_some(self._encoded(one.room, now)):
                self._passes.append(one)
            else:
                self._finish(one)
            now = self._clock()

    def _finish(self, done: Pass) -> None:
        if done.error is not None:
            self._try_again(done.room, done.failed, done.error)
        elif done.changed_at is not None:
            self._shown(self._clock() - done.changed_at)

    def _try_again(self, room: Room, viewers: int, error: Exception) -> None:
        logger.error("fan-out failed for %d viewers, tried again", viewers, exc_info=error)
        asyncio.get_running_loop().call_later(RETRY_S, self.send_soon, room)

    def _output(self, room: Room) -> _Output:
        output = self._outputs.get(room)
        if output is None:
            output = self._outputs[room] = _Output()
        return output

    def _encoded(self, room: Room, now: float) -> EncodedState:
        output = self._output(room)
        encoded = output.encoded
        if encoded is None or encoded.edition != room.edition or now - encoded.at > FRESH_S:
            encoded = output.encoded = EncodedState(self.frames, room, now)
        return encoded
