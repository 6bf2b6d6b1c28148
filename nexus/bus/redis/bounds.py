"""How long a call to Redis may take, which errors it may end with, and waits that lose no cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import TypeVar

from redis.exceptions import RedisError

T = TypeVar("T")

CALL_S = 1.0
"""For one command or beat."""
CONNECT_S = 2.0
"""For connecting and logging in."""
SENTINEL_S = 0.3
"""Sentinels are asked one after the other, all within one call or connection attempt."""

TROUBLE = (RedisError, OSError)
"""What redis-py raises when a server is out of reach or refuses; `TimeoutError` is an `OSError`."""


async def within(seconds: float, doing: Awaitable[T]) -> T:
    """The result of `doing`; raises TimeoutError after `seconds`. Never returns to a task that was cancelled meanwhile.

    Until Python 3.12 `asyncio.wait_for`, in which redis-py asks sentinels, swallows a cancellation that comes
    together with the result: the one who cancels a publisher would then wait for it forever.
    """
    before = _cancellations()
    async with asyncio.timeout(seconds):
        try:
            return await doing
        finally:
            if _cancellations() > before:
                raise asyncio.CancelledError


async def until_one_ends(*jobs: Coroutine[None, None, None]) -> None:
    """Run `jobs` concurrently; as soon as one ends, cancel the others, and raise its error if it had one.

    Not a TaskGroup: until Python 3.13 one loses a cancellation that comes together with an error.
    """
    tasks = [asyncio.create_task(job) for job in jobs]
    first: set[asyncio.Task[None]] = set()
    try:
        first, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks, timeout=CALL_S)
        ended = [task for task in (*first, *tasks) if task.done() and not task.cancelled()]
        errors = [error for task in ended if (error := task.exception()) is not None]
    if errors:
        raise errors[0]


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()
