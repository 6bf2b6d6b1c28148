"""Upkeep of the database while it serves: every worker tries, and one at a time does it."""

from __future__ import annotations

import asyncio
import logging
import random

from nexus.errors import Unavailable
from nexus.store import vacuum
from nexus.store.database import Database

log = logging.getLogger("nexus.upkeep")

EVERY_S = 60.0


async def keep_up(database: Database) -> None:
    """For ever, about once a minute; workers that start together do not come together."""
    while True:
        await asyncio.sleep(EVERY_S * random.uniform(0.5, 1.5))  # noqa: S311 - not a secret
        try:
            await vacuum.vacuum_polls(database)
            await vacuum.forget_sessions(database)
        except Unavailable as error:
            log.info("no upkeep of the database: %s", error)
