"""What both files about who sees counts share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.leak_scene import LeakScene, open_leak_scene


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(module_database_url: str) -> AsyncIterator[LeakScene]:
    """A worker with its people, for all tests of a file."""
    async with open_leak_scene(module_database_url) as opened:
        yield opened
