"""Screens that note when which totals came, for the tests of faults."""

from __future__ import annotations

import asyncio
import json
import time
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from websockets.exceptions import WebSocketException

from tests.faults.crowd import BACK_S, Crowd, Entry, open_socket
from tests.support.served import Server

NEWEST_S = 2.0
"""Screens reach the newest within this of its commit (contract, section 5, promise 4)."""

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

    async def reaches(self, version: int, within_s: float) -> None:
        """Return once totals of at least `version` have come; fails after `within_s`."""
        async with asyncio.timeout(within_s), self._came:
            await self._came.wait_for(lambda: bool(self.seen) and self.seen[-1][1] >= (1, version))

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

    def lateness(self, entry: Entry) -> float:
        """Seconds from an ack to the first frame of at least its version; infinite where none has come."""
        n = bisect_left(self.seen, (1, entry.version), key=lambda one: one[1])
        return self.seen[n][0] - entry.answered if n < len(self.seen) else float("inf")


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
    acks = [entry for entry in crowd.entries if entry.acked and entry.poll == crowd.polls.one]
    for viewer in viewers:
        await viewer.reaches(max(entry.version for entry in acks), NEWEST_S)
        viewer.assert_never_back()
        assert max(viewer.lateness(entry) for entry in acks) < NEWEST_S
