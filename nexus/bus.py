"""What a bus is, and the one in this process.

A bus carries news between workers, and may lose, double or swap it: everything on it is absolute and
versioned, and whoever listens also asks the database (`hub`, healing). Nothing on the way of an ack waits for it.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from nexus.model import Place, Totals


class TotalsNews(msgspec.Struct, frozen=True, tag="totals"):
    """The newest counts of a poll."""

    totals: Totals


class PollNews(msgspec.Struct, frozen=True, tag="poll"):
    """The definition or status of a poll changed; `revision` says to what."""

    poll: int
    revision: int


class DeletedNews(msgspec.Struct, frozen=True, tag="deleted"):
    """A poll is gone."""

    poll: int


class PresenceNews(msgspec.Struct, frozen=True, tag="presence"):
    """How many sockets one worker has in a poll's room."""

    poll: int
    worker: str
    online: int


News = TotalsNews | PollNews | DeletedNews | PresenceNews


class Listener(Protocol):
    """Who is told what the bus brings. Called on the event loop; must not block."""

    def heard(self, news: News) -> None:
        """Take one piece of news about a poll this process subscribed to."""


class Bus(Protocol):
    """Carries news between workers. No method raises because the bus is down, and none waits long for it."""

    async def start(self, listener: Listener) -> None:
        """Begin to deliver to `listener`; returns also while the bus is out of reach, and reconnects by itself."""

    async def stop(self) -> None:
        """Let go of every connection; bounded."""

    async def publish(self, news: News) -> None:
        """Tell every worker, this one included. Totals are also kept as the bus's counters, in one step and
        only where newer by `(epoch, version)`; totals that are not newer are dropped. Presence, poll and
        deleted news pass through; deleted also forgets the counters."""

    async def subscribe(self, poll: int) -> None:
        """Hear news of `poll` from now on, also after a reconnection."""

    async def unsubscribe(self, poll: int) -> None:
        """Stop hearing of `poll`."""

    async def newest(self, polls: list[int]) -> dict[int, Totals] | None:
        """The bus's own counters of those `polls` it knows; None while the bus is out of reach."""

    @property
    def healthy(self) -> bool:
        """Whether the bus was heard within the last seconds."""


class LocalBus:
    """The bus of a single worker: news goes round in the process."""

    def __init__(self) -> None:
        self._listener: Listener | None = None
        self._subscribed: set[int] = set()
        self._places: dict[int, Place] = {}

    async def start(self, listener: Listener) -> None:
        """Begin to deliver to `listener`."""
        self._listener = listener

    async def stop(self) -> None:
        """Deliver nothing more."""
        self._listener = None

    async def publish(self, news: News) -> None:
        """Deliver `news` to the listener if it subscribed to the poll and, for totals, if they are newer."""
        poll = news.totals.poll if isinstance(news, TotalsNews) else news.poll
        if self._listener is None or poll not in self._subscribed:
            return
        if isinstance(news, TotalsNews):
            if news.totals.place <= self._places.get(poll, Place(0, -1)):
                return
            self._places[poll] = news.totals.place
        self._listener.heard(news)

    async def subscribe(self, poll: int) -> None:
        """Hear news of `poll` from now on."""
        self._subscribed.add(poll)

    async def unsubscribe(self, poll: int) -> None:
        """Stop hearing of `poll`, and forget its place."""
        self._subscribed.discard(poll)
        self._places.pop(poll, None)

    async def newest(self, polls: list[int]) -> dict[int, Totals] | None:
        """Nothing: an in-process bus keeps no counters that could differ from the database's."""
        return {}

    @property
    def healthy(self) -> bool:
        """Always: it cannot be out of reach."""
        return True
