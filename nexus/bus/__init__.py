"""What a bus is, and the news it carries.

A bus carries news between workers. It may lose, duplicate or reorder it: everything on it is absolute and versioned,
and listeners also ask the database (`nexus.rooms.hub`, healing). No ack waits for it.

- `local`: the bus of a single worker, in process
- `redis/`: the bus of several workers
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
    """A poll was deleted."""

    poll: int


class PresenceNews(msgspec.Struct, frozen=True, tag="presence"):
    """How many voters one worker has in a poll's room, and a sample of them (`nexus.domain.presence`)."""

    poll: int
    worker: str
    online: int
    sample: bytes = b""


News = TotalsNews | PollNews | DeletedNews | PresenceNews


class NewsListener(Protocol):
    """Receives what the bus brings. It is called on the event loop, so it must not block."""

    def on_news(self, news: News) -> None:
        """Take one piece of news about a poll this process subscribed to."""


class Bus(Protocol):
    """Carries news between workers. No method raises because the bus is down, and none waits long for it."""

    async def start(self, listener: NewsListener) -> None:
        """Start delivering to `listener`. Returns even while the bus is out of reach; it reconnects by itself."""

    async def stop(self) -> None:
        """Close every connection, within a few seconds."""

    async def publish(self, news: News) -> None:
        """Tell every worker, this one included. Totals are also kept as the bus's counters, in one step and
        only where newer by `(epoch, version)`; totals that are not newer are dropped. Presence, poll and
        deleted news pass through; deleted also forgets the counters."""

    async def subscribe(self, poll: int) -> None:
        """Receive news of `poll` from now on, after a reconnection too."""

    async def unsubscribe(self, poll: int) -> None:
        """Receive no more news of `poll`."""

    async def newest(self, polls: list[int]) -> dict[int, Totals] | None:
        """The bus's counters of those `polls` that it knows; None while the bus is out of reach."""

    @property
    def healthy(self) -> bool:
        """Whether the bus answered within the last few seconds."""
