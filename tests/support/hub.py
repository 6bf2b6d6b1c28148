"""A hub for tests: real database, words for frames, and a bus that may lose everything."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import pytest

from nexus.bus import Bus, News, NewsListener, Topic
from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll, Totals
from nexus.rooms import healing as healing_module
from nexus.rooms.fanout import Fanout
from nexus.rooms.follower import Follower
from nexus.rooms.following import Following
from nexus.rooms.healing import Healing
from nexus.rooms.hub import Hub
from nexus.rooms.moving import Moves
from nexus.rooms.viewer import Viewer
from nexus.store import watch
from nexus.store.database import Database
from nexus.voting.events import Events
from nexus.voting.tallies import Tallies
from tests.support.rooms import PlainFrames, RecordingSink


class DeafBus:
    """A bus that loses everything it is given."""

    healthy = True

    async def start(self, listener: NewsListener) -> None:
        """Nobody will be told."""

    async def stop(self) -> None:
        """There is nothing to let go of."""

    async def publish(self, news: News) -> None:
        """Lose it."""

    async def subscribe(self, topic: Topic) -> None:
        """Promise, and not keep it."""

    async def unsubscribe(self, topic: Topic) -> None:
        """The same as before."""

    async def newest(self, polls: list[int]) -> dict[int, Totals] | None:
        """Nothing is known."""
        return {}


class RunningHub:
    """A hub on a real database, with what its rooms send as words."""

    def __init__(self, database: Database, bus: Bus) -> None:
        self.database = database
        self.bus = bus
        self.tallies = Tallies(database, bus, self.on_news)
        self.frames = PlainFrames()
        fanout = Fanout(self.frames)
        self.hub = Hub(self.tallies, bus, fanout, partial(watch.standing_voters, database), "here")
        self.events = Events(database)
        moves = Moves(self.events, self.hub, self.frames, fanout.give_way)
        self.following = Following(self.events, self.hub, moves, bus, "here")

    def on_news(self, news: News) -> None:
        """Hand it to the rooms, as a worker does."""
        self.hub.on_news(news)
        self.following.on_news(news)

    async def read(self, poll: Poll) -> Poll:
        """The poll as the database has it."""
        return (await watch.polls(self.database, [poll.id]))[poll.id]

    async def enter(self, poll: Poll, by: Identity) -> tuple[Viewer, RecordingSink]:
        """Somebody who watches from now on."""
        screen = RecordingSink()
        viewer = Viewer(screen, by)
        await self.hub.enter(poll.id, viewer)
        return viewer, screen

    async def follow(self, event: Event, by: Identity) -> tuple[Follower, RecordingSink]:
        """Somebody who follows an event from now on."""
        screen = RecordingSink()
        follower = Follower(screen, by)
        await self.following.enter(event.id, follower)
        return follower, screen

    async def turn(self, change: Awaitable[Poll]) -> Poll:
        """A change of a poll, told as an edge tells it."""
        changed = await change
        self.tallies.poll_changed(changed)
        return changed


def healing_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare rooms with the database, and count who watches, ten times as often."""
    monkeypatch.setattr(healing_module, "HEAL_S", healing_module.HEAL_S / 10)


@asynccontextmanager
async def running_hub(database: Database, bus: Bus) -> AsyncIterator[RunningHub]:
    """A hub with its tallies, from its start to its end."""
    running = RunningHub(database, bus)
    await bus.start(running)
    healing = asyncio.create_task(Healing(running.tallies, running.hub, running.following).run())
    try:
        yield running
    finally:
        healing.cancel()
        await asyncio.gather(healing, return_exceptions=True)
        await running.following.stop()
        await running.hub.stop()
        await running.tallies.stop()


def shows(screen: RecordingSink, text: str) -> Callable[[], bool]:
    """Whether `text` was sent there."""
    return lambda: text in screen.texts
