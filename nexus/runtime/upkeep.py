"""Upkeep of the database while it serves: every worker tries, and one at a time does the work."""

from __future__ import annotations

import asyncio
import logging
import random

from nexus.errors import Unavailable
from nexus.store import vacuum
from nexus.store.database import Database

logger = logging.getLogger(__name__)

EVERY_S = 60.0
"""About how often it is done."""


async def keep_up(database: Database) -> None:
    """Run for ever, about once a minute; workers that start together do not run it together."""
    while True:
        await asyncio.sleep(EVERY_S * random.uniform(0.5, 1.5))  # noqa: S311 - not a secret
        try:
            await vacuum.vacuum_polls(database)
            await vacuum.forget_sessions(database)
            await vacuum.forget_pairings(database)
        except Unavailable as error:
            logger.info("cannot tidy up the database: %s", error)
