"""Opens and closes polls on time, whether or not anybody is watching: every worker tries, and one succeeds."""

from __future__ import annotations

import asyncio
import logging

from nexus.errors import Unavailable
from nexus.store import rounds
from nexus.store.database import Database
from nexus.voting.tallies import Tallies

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""At least this often the database is asked, since another worker may have just set a time."""

SOONEST_S = 0.02
"""The database is asked no more often than this."""

RETRY_S = 0.1
"""Until the next attempt where all that is due is locked: by votes, mostly, which settle it too."""


class Schedule:
    """Commits openings and expiries when they are due by the database's clock."""

    def __init__(self, database: Database, tallies: Tallies) -> None:
        self._database = database
        self._tallies = tallies

    async def step(self) -> float:
        """Settle what is due; returns the seconds until there may be more. Raises `Unavailable`."""
        ids, next_s = await rounds.due(self._database)
        if ids:
            settled = await rounds.settle(self._database, ids, skip_locked=True)
            for poll in settled:
                logger.info("poll %d is now %s, as scheduled", poll.id, poll.status)
                self._tallies.poll_changed(poll)
            return SOONEST_S if settled else RETRY_S
        return min(LOOK_S, max(SOONEST_S, next_s if next_s is not None else LOOK_S))

    async def run(self) -> None:
        """Run for ever; while the database is out of reach, ask it again every second."""
        reached = True
        while True:
            try:
                pause = await self.step()
                reached = True
            except Unavailable as error:
                if reached:
                    logger.warning("polls not opened and closed on time: %s", error)
                reached, pause = False, LOOK_S
            await asyncio.sleep(pause)
