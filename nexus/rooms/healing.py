"""Healing: every second all rooms are compared with the database, so that anything the bus loses, repeats or reorders
costs about a second (docs/architecture.md, "Step 7: healing")."""

from __future__ import annotations

import asyncio
import logging

from nexus.errors import Unavailable
from nexus.rooms.following import Following
from nexus.rooms.hub import Hub
from nexus.voting.tallies import Tallies

logger = logging.getLogger(__name__)

HEAL_S = 1.0
"""Between two comparisons of all rooms with the database."""


class Healing:
    """Keeps the rooms of a worker in step with the database."""

    def __init__(self, tallies: Tallies, hub: Hub, following: Following) -> None:
        self._tallies = tallies
        self._hub = hub
        self._following = following

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
        """Compare all rooms, of polls and of events, with the database, in one query. Raises `Unavailable`."""
        polls, events = self._hub.watched, self._following.watched
        if polls or events:
            places = await self._tallies.compare(polls, events)
            self._hub.compare(places.watches)
            self._following.compare(places.revisions)

    async def count_voters(self) -> None:
        """Announce to the other workers who is here, and have people told where the number has changed."""
        await self._hub.count_voters()
        await self._following.count_voters()
