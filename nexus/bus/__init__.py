"""What a bus is, and the news it carries.

A bus carries news between workers. It may lose, duplicate or reorder it: everything on it is absolute and versioned,
and listeners also ask the database (`nexus.rooms.hub`, healing). No ack waits for it.

- `local`: the bus of a single worker, in process
- `redis/`: the bus of several workers
"""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from nexus.domain.poll import Totals


class Topic(msgspec.Struct, frozen=True):
    """What news is about, and what a worker hears of once it has subscribed to it: one poll, or one event."""

    kind: Literal["poll", "event"]
    id: int


def poll_topic(poll: int) -> Topic:
    """The topic of a poll."""
    return Topic("poll", poll)


def event_topic(event: int) -> Topic:
    """The topic of an event."""
    return Topic("event", event)


class TotalsNews(msgspec.Struct, frozen=True, tag="totals"):
    """The newest counts of a poll."""

    totals: Totals

    @property
    def topic(self) -> Topic:
        """What it is about."""
        return poll_topic(self.totals.poll)


class PollNews(msgspec.Struct, frozen=True, tag="poll"):
    """The definition or status of a poll changed; `revision` says to what."""

    poll: int
    revision: int

    @property
    def topic(self) -> Topic:
        """What it is about."""
        return poll_topic(self.poll)


class DeletedNews(msgspec.Struct, frozen=True, tag="deleted"):
    """A poll was deleted."""

    poll: int

    @property
    def topic(self) -> Topic:
        """What it is about."""
        return poll_topic(self.poll)


class PresenceNews(msgspec.Struct, frozen=True, tag="presence"):
    """How many voters one worker has in a poll's room, and a sample of them (`nexus.domain.presence`)."""

    poll: int
    worker: str
    online: int
    sample: bytes = b""

    @property
    def topic(self) -> Topic:
        """What it is about."""
        return poll_topic(self.poll)


class EventNews(msgspec.Struct, frozen=True, tag="event"):
    """An event changed, or is gone: to which `revision`, None where the teller does not know. Whoever follows it reads
    it; of the event itself nothing is said."""

    event: int
    revision: int | None = None

    @property
    def topic(self) -> Topic:
        """What it is about."""
        return event_topic(self.event)


class EventPresenceNews(msgspec.Struct, frozen=True, tag="event_presence"):
    """How many voters one worker has among the followers of an event, and a sample of them."""

    event: int
    worker: str
    online: int
    sample: bytes = b""

    @property
    def topic(self) -> Topic:
        """What it is about."""
        return event_topic(self.event)


News = TotalsNews | PollNews | DeletedNews | PresenceNews | EventNews | EventPresenceNews


class NewsListener(Protocol):
    """Receives what the bus brings. It is called on the event loop, so it must not block."""

    def on_news(self, news: News) -> None:
        """Take one piece of news about a topic that this process subscribed to."""


class Bus(Protocol):
    """Carries news between workers. No method raises because the bus is down, and none waits long for it."""

    async def start(self, listener: NewsListener) -> None:
        """Start delivering to `listener`. Returns even while the bus is out of reach; it reconnects by itself."""

    async def stop(self) -> None:
        """Close every connection, within a few seconds."""

    async def publish(self, news: News) -> None:
        """Tell every worker, this one included. Totals are also kept as the bus's counters, in one step and
        only where newer by `(epoch, version)`; totals that are not newer are dropped. All other news passes
        through; that of a deleted poll also forgets the counters."""

    async def subscribe(self, topic: Topic) -> None:
        """Receive news of `topic` from now on, after a reconnection too."""

    async def unsubscribe(self, topic: Topic) -> None:
        """Receive no more news of `topic`."""

    async def newest(self, polls: list[int]) -> dict[int, Totals] | None:
        """The bus's counters of those `polls` that it knows; None while the bus is out of reach."""

    @property
    def healthy(self) -> bool:
        """Whether the bus answered within the last few seconds."""
