"""How many voters are in each room, over all workers: what this worker announces, and what it hears of the others
(docs/contract.md, "Presence")."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from nexus.bus import Bus, EventPresenceNews, PresenceNews
from nexus.domain.presence import Crowd
from nexus.rooms.gathering import Gathering

ANNOUNCE_AGAIN_S = 2.0
"""Voters who have not changed are announced to other workers again after this time."""
PRESENCE_LASTS_S = 5.0
"""How long another worker's voters count."""

VoterNews = PresenceNews | EventPresenceNews


class Attended(Protocol):
    """A room whose voters are counted: that of a poll or of an event."""

    @property
    def gathering(self) -> Gathering:
        """Its voters."""

    def presence_news(self, worker: str, here: Crowd) -> VoterNews:
        """What `worker` tells the others of its voters there."""

    def count(self, now: float) -> bool:
        """Count them over all workers, as far as known at the monotonic second `now`. Returns whether somebody there
        has to be told."""


RoomT = TypeVar("RoomT", bound=Attended)


class Attendance:
    """The voters in this worker's rooms; `worker` names it to the others."""

    def __init__(self, bus: Bus, worker: str) -> None:
        self._bus = bus
        self._worker = worker

    def hear(self, room: Attended, news: VoterNews) -> None:
        """Take what another worker announces."""
        if news.worker != self._worker:
            there = Crowd(news.online, news.sample)
            room.gathering.elsewhere[news.worker] = (there, time.monotonic() + PRESENCE_LASTS_S)

    async def update(self, rooms: Iterable[RoomT], tell: Callable[[RoomT], None]) -> None:
        """Announce who is here; `tell` is called for each room whose people have to be told how many there are."""
        now = time.monotonic()
        for room in rooms:
            here, (announced, since) = room.gathering.crowd, room.gathering.announced
            if here != announced or now - since >= ANNOUNCE_AGAIN_S:
                room.gathering.announced = (here, now)
                await self._bus.publish(room.presence_news(self._worker, here))
            if room.count(now):
                tell(room)

    async def end(self, room: Attended) -> None:
        """Nobody is here any more: take back what was announced."""
        if room.gathering.announced[0].voters:
            await self._bus.publish(room.presence_news(self._worker, Crowd(0)))
