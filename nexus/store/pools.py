"""The connections of a worker, in three pools: none of them can take those of another."""

from __future__ import annotations

import asyncio

from nexus.store.database import Database

ROOMS_PART = 4
"""A fourth of the connections that are not for votes is for rooms. Few are needed: who asks at one moment shares a
query."""


class Pools:
    """`votes` carries the batches of ballots alone; `rooms` what rooms are entered and kept right by: joins, healing,
    openings and closings on time, and whose token holds; `requests` everything else.

    A list, an export or a login can only make other requests wait.
    """

    def __init__(self, url: str, *, votes: int, others: int) -> None:
        """So many connections for votes, and so many (2 at least) for rooms and requests together."""
        rooms = max(1, others // ROOMS_PART)
        self.votes = Database(url, size=votes)
        self.rooms = Database(url, size=rooms)
        self.requests = Database(url, size=others - rooms)

    def by_name(self) -> dict[str, Database]:
        """The pools, as the metrics name them."""
        return {"votes": self.votes, "rooms": self.rooms, "requests": self.requests}

    async def connect(self) -> None:
        """Make the pools; succeeds with the database down, as `Database.connect`."""
        for pool in self.by_name().values():
            await pool.connect()

    async def close(self) -> None:
        """Close every connection, bounded."""
        await asyncio.gather(*(pool.close() for pool in self.by_name().values()))
