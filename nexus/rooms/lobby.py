"""The lobby: those who wait for a poll that nobody with its code may see yet. They learn that they wait, and then that
the wait is over, and nothing of the poll (docs/contract.md, "Waiting").

The hub keeps the room of a poll that somebody waits for, and tells the lobby of each state that it reads: from this
worker's commits, the bus, and every second the database. So whoever waits is answered as soon as viewers would be.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from itertools import islice
from typing import Protocol

from nexus.domain.poll import Poll
from nexus.domain.rights import UNSEEN
from nexus.errors import PollNotFound
from nexus.rooms.fanout import SLICE_S
from nexus.rooms.frame import Frame
from nexus.rooms.hub import Hub

logger = logging.getLogger(__name__)

STRIDE = 32
"""Answers between two looks at the clock."""


class Waiter(Protocol):
    """Somebody who waits, such as a socket."""

    def answer(self, frame: Frame) -> None:
        """The wait is over, as `frame` says."""


class WaitEnds(Protocol):
    """Encodes the ends of a wait."""

    def ready(self, code: str) -> Frame:
        """The poll of `code` can be seen."""

    def gone(self) -> Frame:
        """No poll has this code any more."""


Queue = dict[Waiter, None]


class Lobby:
    """Those of one worker who wait, by poll and code."""

    def __init__(self, hub: Hub, frames: WaitEnds, give_way: Callable[[], Awaitable[None]]) -> None:
        """`give_way` gives everything else its turn: those who wait are answered in slices, as viewers are."""
        self._hub = hub
        self._frames = frames
        self._give_way = give_way
        self._queues: dict[int, dict[str, Queue]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        hub.learned = self._look

    def __len__(self) -> int:
        """How many wait."""
        return sum(len(queue) for queues in self._queues.values() for queue in queues.values())

    async def enter(self, poll: int, code: str, waiter: Waiter) -> bool:
        """Let `waiter` wait for `poll`, which has `code`, until `leave` or its answer. False, and no wait, where it can
        be seen already. Raises `PollNotFound` where it has another code by now, and `Unavailable`."""
        state = await self._hub.hold(poll)
        # Nothing is awaited from here on: of all that is newer, `_look` is told.
        if state.code != code or state.status not in UNSEEN:
            self._hub.let_go(poll)
            if state.code != code:
                raise PollNotFound
            return False
        self._queues.setdefault(poll, {}).setdefault(code, {})[waiter] = None
        return True

    def leave(self, poll: int, code: str, waiter: Waiter) -> None:
        """Let `waiter` wait no longer, if it does."""
        queue = self._queues.get(poll, {}).get(code, {})
        if waiter in queue:
            del queue[waiter]
            if not queue:
                self._close(poll, code)
            self._hub.let_go(poll)

    async def stop(self) -> None:
        """Cancel the answers that are under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _look(self, poll: int, state: Poll | None) -> None:
        """Answer those whose wait is over in this state of the poll."""
        for code in list(self._queues.get(poll, ())):
            if state is None or state.code != code:
                self._answer(poll, code, self._frames.gone())
            elif state.status not in UNSEEN:
                self._answer(poll, code, self._frames.ready(code))

    def _answer(self, poll: int, code: str, frame: Frame) -> None:
        waiters = self._close(poll, code)
        self._hub.let_go(poll, len(waiters))
        task = asyncio.create_task(self._write(waiters, frame), name="lobby")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _close(self, poll: int, code: str) -> Queue:
        queue = self._queues[poll].pop(code)
        if not self._queues[poll]:
            del self._queues[poll]
        return queue

    async def _write(self, waiters: Queue, frame: Frame) -> None:
        left = iter(waiters)
        end = time.perf_counter() + SLICE_S
        while some := list(islice(left, STRIDE)):
            for waiter in some:
                try:
                    waiter.answer(frame)
                except Exception:
                    logger.exception("one who waited was not answered")
            if time.perf_counter() > end:
                await self._give_way()
                end = time.perf_counter() + SLICE_S
