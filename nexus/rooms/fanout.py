"""Fan-out: each room's newest frames to all its viewers, within a set share of the event loop.

A room that was idle is sent at once; passes then follow at a tick that widens with what the last one cost. Each
audience of a room gets its frame, encoded once (docs/architecture.md, "Step 6: rooms and fan-out").
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol

from nexus.domain.poll import Poll, Totals, Visibility
from nexus.rooms.frame import Frame
from nexus.rooms.room import Room, Shown, Viewer

logger = logging.getLogger(__name__)

TICK_S = 0.05
"""From the start of one pass to the start of the next, at least."""
SHARE = 0.25
"""The part of the event loop's time that fan-out may take: the rest is for votes."""
SLICE = 200
"""Viewers written to before other tasks get a turn: about 2 ms."""


class Frames(Protocol):
    """Encodes what rooms send."""

    def totals(self, totals: Totals, sees: Visibility) -> Frame:
        """The totals as one audience may see them."""

    def poll(self, poll: Poll, sees: Visibility) -> Frame:
        """The poll as one audience may see it."""

    def presence(self, poll: int, online: int) -> Frame:
        """How many voters are watching."""

    def deleted(self, poll: int) -> Frame:
        """The poll no longer exists."""


class _EncodedState:
    """The frames of one state of a room, each made when first asked for."""

    def __init__(self, frames: Frames, room: Room) -> None:
        self._frames = frames
        self._room = room
        self._made: dict[object, Frame] = {}

    def totals(self, totals: Totals, sees: Visibility) -> Frame:
        key = ("totals", sees)
        return self._made.get(key) or self._keep(key, self._frames.totals(totals, sees))

    def poll(self, poll: Poll, sees: Visibility) -> Frame:
        key = ("poll", sees)
        return self._made.get(key) or self._keep(key, self._frames.poll(poll, sees))

    def presence(self, online: int) -> Frame:
        return self._made.get(online) or self._keep(online, self._frames.presence(self._room.id, online))

    def _keep(self, key: object, frame: Frame) -> Frame:
        self._made[key] = frame
        return frame


class Fanout:
    """Writes the newest state of rooms to their viewers: call `send_soon` for a room that has changed."""

    def __init__(
        self,
        frames: Frames,
        *,
        tick_s: float = TICK_S,
        share: float = SHARE,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """`clock` returns seconds, and measures what a pass costs."""
        self.frames = frames
        self._clock = clock
        self._tick_s = tick_s
        self._share = share
        self._pending: dict[int, Room] = {}
        self._task: asyncio.Task[None] | None = None
        self._urgent = asyncio.Event()

    def send_soon(self, room: Room, *, urgent: bool = False) -> None:
        """Send the room's newest state with the next pass; an `urgent` one does not wait for the tick."""
        self._pending[room.id] = room
        if urgent:
            self._urgent.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="fan-out")

    def catch_up(self, room: Room, viewer: Viewer) -> None:
        """Send one viewer what it has not been sent: its line is no longer clogged, or it has gained a right."""
        if room.outdated or (room.doubtful and viewer.right is not None):
            return
        self._deliver(room, viewer, _EncodedState(self.frames, room))

    async def _run(self) -> None:
        try:
            while self._pending:
                started = self._clock()
                self._urgent.clear()
                waited = await self._pass()
                cost = self._clock() - started - waited
                await self._rest(max(self._tick_s, cost / self._share) - cost)
        except Exception:
            logger.exception("fan-out failed, and is tried again within a second")
        finally:
            self._task = None

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._urgent.wait()
        except TimeoutError:
            pass

    async def _pass(self) -> float:
        """Send every pending room. Returns the seconds that other tasks took meanwhile."""
        rooms, self._pending = self._pending, {}
        waited, written = 0.0, 0
        for room in rooms.values():
            encoded = _EncodedState(self.frames, room)
            state = (room.totals, room.poll)
            for viewer in list(room.viewers):
                if room.outdated or (room.doubtful and viewer.right is not None):
                    continue  # the hub has the room sent again once it knows
                if (room.totals, room.poll) != state:
                    encoded, state = _EncodedState(self.frames, room), (room.totals, room.poll)
                self._deliver(room, viewer, encoded)
                written += 1
                if written % SLICE == 0:
                    paused = self._clock()
                    await asyncio.sleep(0)
                    waited += self._clock() - paused
        return waited

    def _deliver(self, room: Room, viewer: Viewer, encoded: _EncodedState) -> None:
        """Write what is newer than what the viewer was sent last; what its sink refuses is not queued."""
        poll, totals = room.poll, room.totals
        if poll is None or totals is None or viewer not in room.viewers:
            return
        sees = room.sees(viewer, totals)
        viewer.behind = True
        if viewer.revision < poll.revision:
            if not viewer.sink.write(encoded.poll(poll, sees)):
                return
            viewer.revision = poll.revision
        newest = Shown(totals.place, sees is Visibility.FULL)
        if viewer.shown < newest:
            if not viewer.sink.write(encoded.totals(totals, sees)):
                return
            viewer.shown = newest
        if room.online is not None and viewer.online != room.online and viewer.counted < room.counted:
            if not viewer.sink.write(encoded.presence(room.online)):
                return
            viewer.online, viewer.counted = room.online, room.counted
        viewer.behind = False
