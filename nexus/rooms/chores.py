"""What the hub does for its rooms beside its callers: reading a poll again, asking whose ballots stand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine

from nexus.errors import Unavailable
from nexus.rooms.room import Room

logger = logging.getLogger(__name__)

_ONCE = ("refresh", "verify")


class Chores:
    """Tasks for rooms; of those that read, one of its kind at a time in a room."""

    def __init__(self) -> None:
        self._busy: set[tuple[str, int]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, kind: str, room: Room, work: Coroutine[object, None, None]) -> None:
        """Run `work`, unless such a chore is under way: what is skipped meanwhile, the next comparison catches."""
        key = (kind, room.id)
        if key in self._busy and kind in _ONCE:
            work.close()
            return
        self._busy.add(key)
        task = asyncio.create_task(self._guarded(key, work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """Cancel everything that is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _guarded(self, key: tuple[str, int], work: Coroutine[object, None, None]) -> None:
        try:
            await work
        except Unavailable as error:
            logger.info("%s of room %d failed: %s", *key, error)
        except Exception:
            logger.exception("%s of room %d failed", *key)
        finally:
            self._busy.discard(key)
