"""How many voters watch each room, over all workers: what this worker announces, and what it hears of the others
(docs/contract.md, "Presence")."""

from __future__ import annotations

import time
from collections.abc import Iterable

from nexus.bus import Bus, PresenceNews
from nexus.domain.presence import Crowd
from nexus.rooms.fanout import Fanout
from nexus.rooms.room import Room

ANNOUNCE_AGAIN_S = 2.0
"""Voters who have not changed are announced to other workers again after this time."""
PRESENCE_LASTS_S = 5.0
"""How long another worker's voters count."""


class Attendance:
    """The voters in this worker's rooms; `worker` names it to the others."""

    def __init__(self, bus: Bus, fanout: Fanout, worker: str) -> None:
        self._bus = bus
        self._fanout = fanout
        self._worker = worker

    def hear(self, room: Room, news: PresenceNews) -> None:
        """Take what another worker announces."""
        if news.worker != self._worker:
            room.elsewhere[news.worker] = (Crowd(news.online, news.sample), time.monotonic() + PRESENCE_LASTS_S)

    async def update(self, rooms: Iterable[Room]) -> None:
        """Announce who is here, and have the counts sent that have changed."""
        now = time.monotonic()
        for room in rooms:
            here, (announced, since) = room.crowd, room.announced
            if here != announced or now - since >= ANNOUNCE_AGAIN_S:
                room.announced = (here, now)
                await self._bus.publish(PresenceNews(room.id, self._worker, here.voters, here.sample))
            if room.count(now):
                self._fanout.send_soon(room)

    async def end(self, room: Room) -> None:
        """Nobody is here any more: take back what was announced."""
        if room.announced[0].voters:
            await self._bus.publish(PresenceNews(room.id, self._worker, 0))
