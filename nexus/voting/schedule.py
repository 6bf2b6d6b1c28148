"""Opens and closes polls on time, whether or not anybody watches: every worker tries, and one does it."""

from __future__ import annotations

import asyncio
import logging

from nexus.errors import Unavailable
from nexus.store import rounds
from nexus.store.database import Database
from nexus.voting.tallies import Tallies

log = logging.getLogger("nexus.schedule")

LOOK_S = 1.0
"""At least this often the database is asked, for a poll whose time another worker has just set."""
SOONEST_S = 0.02
HELD_S = 0.1
"""Until the next attempt where all that is due is held by others: by votes, mostly, which settle it too."""


class Schedule:
    """Commits openings and expiries when their time comes by the database's clock."""

    def __init__(self, database: Database, tallies: Tallies) -> None:
        self._database = database
        self._tallies = tallies

    async def step(self) -> float:
        """Settle what is due; gives the seconds until there may be more. Raises `Unavailable`."""
        ids, next_s = await rounds.due(self._database)
        if ids:
            settled = await rounds.settle(self._database, ids, skip_locked=True)
            for poll in settled:
                log.info("poll %d: %s, its time has come", poll.id, poll.status)
                self._tallies.poll_changed(poll)
            return SOONEST_S if settled else HELD_S
        return min(LOOK_S, max(SOONEST_S, next_s if next_s is not None else LOOK_S))

    async def run(self) -> None:
        """For ever; while the database is out of reach, it is asked again every second."""
        reached = True
        while True:
            try:
                pause = await self.step()
                reached = True
            except Unavailable as error:
                if reached:
                    log.warning("polls cannot be opened and closed on time: %s", error)
                reached, pause = False, LOOK_S
            await asyncio.sleep(pause)
