"""Viewers that note when which totals came, for the tests of faults."""

from __future__ import annotations

import asyncio
import json
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.exceptions import WebSocketException

from tests.support.fault_crowd import BACK_S, Crowd, TimedAct, open_socket
from tests.support.promised import NEWEST_S
from tests.support.served import Server

Place = tuple[int, int]


class TimedViewer:
    """One who watches a poll, and notes when which totals came."""

    def __init__(self, server: Server, poll: int) -> None:
        self.seen: list[tuple[float, Place]] = []
        self._server = server
        self._poll = poll
        self._came = asyncio.Condition()

    async def watch(self) -> None:
        """For ever; comes back when the connection is lost."""
        while True:
            try:
                async with open_socket(self._server, "user:999") as socket:
                    await socket.send(json.dumps({"type": "join", "poll": self._poll}))
                    async for text in socket:
                        await self._note(json.loads(text))
            except (OSError, WebSocketException):
                pass
            await asyncio.sleep(BACK_S)

    async def reaches(self, place: Place, within_s: float) -> None:
        """Return once totals of `place` or newer have come; fails after `within_s`."""
        async with asyncio.timeout(within_s), self._came:
            await self._came.wait_for(lambda: bool(self.seen) and self.seen[-1][1] >= place)

    async def _note(self, message: dict[str, Any]) -> None:
        totals = message.get("totals") if message["type"] == "joined" else message
        if totals is None or message["type"] not in ("joined", "totals"):
            return
        async with self._came:
            self.seen.append((time.monotonic(), (totals["epoch"], totals["version"])))
            self._came.notify_all()

    def assert_never_back(self) -> None:
        """No frame was older than the one before."""
        places = [place for _, place in self.seen]
        assert places == sorted(places)

    def lateness(self, timed: TimedAct) -> float:
        """Seconds from an ack to the first frame of at least its place; infinite where none has come."""
        assert timed.answer is not None
        n = bisect_left(self.seen, timed.answer.place, key=lambda one: one[1])
        return self.seen[n][0] - timed.answered if n < len(self.seen) else float("inf")


@asynccontextmanager
async def watching(servers: Sequence[Server], poll: int, *, each: int = 1) -> AsyncIterator[list[TimedViewer]]:
    """`each` viewers of `poll` on each server."""
    viewers = [TimedViewer(server, poll) for server in servers for _ in range(each)]
    tasks = [asyncio.create_task(viewer.watch()) for viewer in viewers]
    try:
        yield viewers
        for task in tasks:
            assert not task.done(), task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def assert_kept_up(viewers: Sequence[TimedViewer], crowd: Crowd) -> None:
    """Every viewer saw the totals of every ack of `Polls.one` in time, and never older ones after newer."""
    acks = [one for one in crowd.all_acts if one.answer is not None and one.act.poll == crowd.polls.one]
    newest = max(one.answer.place for one in acks if one.answer is not None)
    for viewer in viewers:
        await viewer.reaches(newest, NEWEST_S)
        viewer.assert_never_back()
        assert max(viewer.lateness(one) for one in acks) < NEWEST_S
