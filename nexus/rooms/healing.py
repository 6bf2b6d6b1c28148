"""Healing: every second all rooms are compared with the database, so that anything the bus loses, repeats or reorders
costs about a second (docs/architecture.md, "Step 7: healing")."""

from __future__ import annotations

import asyncio
import logging

from nexus.errors import Unavailable
from nexus.rooms.hub import Hub
from nexus.voting.tallies import Tallies

logger = logging.getLogger(__name__)

HEAL_S = 1.0
"""Between two comparisons of all rooms with the database."""


class Healing:
    """Keeps the rooms of a worker in step with the database."""

    def __init__(self, tallies: Tallies, hub: Hub) -> None:
        self._tallies = tallies
        self._hub = hub

    async def run(self) -> None:
        """Every second, for ever: compare all rooms with the database, and announce which voters are here."""
        reached = True
        while True:
            await asyncio.sleep(HEAL_S)
            try:
                await self.heal()
                reached = True
            except Unavailable as error:
                if reached:
                    logger.warning("cannot compare the rooms with the database: %s", error)
                reached = False
            await self.count_voters()

    async def heal(self) -> None:
        """Compare all rooms with the database, in one query. Raises `Unavailable`."""
        if polls := self._hub.watched:
            self._hub.compare(await self._tallies.places(polls))

    async def count_voters(self) -> None:
        """Announce to the other workers who is here, and have people told where the number has changed."""
        await self._hub.count_voters()
