"""What deleted accounts leave: their polls, handed over or deleted, and the screens that show them told."""

from __future__ import annotations

import asyncio
import logging

from nexus.errors import Unavailable
from nexus.store import departures
from nexus.store.database import Database
from nexus.store.departures import Settled
from nexus.voting.tallies import Tallies

logger = logging.getLogger(__name__)

LOOK_S = 60.0
"""Between two looks for what a worker that ended, or a command, has left unsettled."""

WAIT_S = 10.0
"""How long whoever deletes an account waits for its polls; what is left then is settled afterwards."""


class Estates:
    """Settles the polls of deleted accounts: at once where this worker deleted the account, in any case by `run`."""

    def __init__(self, database: Database, tallies: Tallies) -> None:
        self._database = database
        self._tallies = tallies
        self._more = asyncio.Event()

    async def settle(self, user: int) -> None:
        """Settle the polls of an account that was deleted; after `WAIT_S`, and where the database cannot do it right
        now, the rest is left to `run`."""
        try:
            async with asyncio.timeout(WAIT_S):
                await departures.settle(self._database, user, self._tell)
        except (TimeoutError, Unavailable) as error:
            logger.warning("polls of the deleted account %d are settled later: %s", user, error)
            self._more.set()

    def _tell(self, settled: Settled) -> None:
        if settled.event is not None:
            self._tallies.event_changed(settled.event)
        for poll in settled.handed:
            self._tallies.poll_changed(poll)
        for poll_id in settled.deleted:
            self._tallies.deleted(poll_id)

    async def run(self) -> None:
        """Run for ever: settle whatever is unsettled, every `LOOK_S`."""
        while True:
            try:
                for user in await departures.unsettled(self._database):
                    await departures.settle(self._database, user, self._tell)
            except Unavailable as error:
                logger.info("cannot settle the polls of deleted accounts: %s", error)
            await self._rest()

    async def _rest(self) -> None:
        """Until there is more, or for `LOOK_S`."""
        try:
            async with asyncio.timeout(LOOK_S):
                await self._more.wait()
        except TimeoutError:
            return
        self._more.clear()
        await asyncio.sleep(1)  # whatever was in the way may be out of it by then
