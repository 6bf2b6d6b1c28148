"""Supervision: a task that should never end is started again where it fails, and its failure is logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine

logger = logging.getLogger(__name__)

RESTART_S = 1.0
"""Between the end of a task and its next start."""


async def supervised(name: str, work: Callable[[], Coroutine[object, None, None]]) -> None:
    """Run `work` for ever: whenever it fails or ends, it starts again after `RESTART_S`. `name` is for the log."""
    while True:
        try:
            await work()
        except Exception:
            logger.exception("%s failed, starting it again in %g s", name, RESTART_S)
        await asyncio.sleep(RESTART_S)
