"""Waits with a bound: for a result, for a state that no event announces, for something to be found."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

SOON_S = 20.0
"""For what happens in this process."""
UNTIL_S = 30.0
"""For a state that another process, such as Redis, has a part in."""
SERVER_S = 30.0
"""For what a server in a process of its own does; the machine that runs the tests may be busy."""
_FIND_EVERY_S = 0.02
_LOOK_EVERY_S = 0.005


async def soon(awaitable: Awaitable[T], within_s: float = SOON_S) -> T:
    """The result of `awaitable`; fails after `within_s`."""
    return await asyncio.wait_for(awaitable, within_s)


async def until(holds: Callable[[], bool], within_s: float = UNTIL_S) -> None:
    """Return once `holds` is true, for a state that no event announces; fails after `within_s`."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(_LOOK_EVERY_S)


async def eventually(find: Callable[[], Awaitable[T]], within_s: float = SOON_S) -> T:
    """What `find` returns, once that is true, for what no event announces; fails after `within_s`."""
    async with asyncio.timeout(within_s):
        while not (found := await find()):  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(_FIND_EVERY_S)
    return found
