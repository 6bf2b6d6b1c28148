"""What a bus is, and the news it carries.

A bus carries news between workers, and may lose, double or swap it: everything on it is absolute and
versioned, and whoever listens also asks the database (`hub`, healing). Nothing on the way of an ack waits for it.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from nexus.domain.poll import Totals


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


class NewsListener(Protocol):
    """Who is told what the bus brings. Called on the event loop; must not block."""

    def on_news(self, news: News) -> None:
        """Take one piece of news about a poll this process subscribed to."""


class Bus(Protocol):
    """Carries news between workers. No method raises because the bus is down, and none waits long for it."""

    async def start(self, listener: NewsListener) -> None:
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
