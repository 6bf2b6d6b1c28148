"""What tests of followers share: a worker whose rooms move them, and what they were sent."""

from collections.abc import AsyncIterator, Callable

import pytest

from nexus.bus.local import LocalBus
from nexus.domain.event import Event
from nexus.rooms import healing
from nexus.store.database import Database
from tests.support.ballots import voter
from tests.support.hub import DeafBus, RunningHub, healing_quickly, running_hub
from tests.support.rooms import RecordingSink
from tests.support.shows import show

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def running(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningHub]:
    """A worker that hears its own news."""
    healing_quickly(monkeypatch)
    async with running_hub(database, LocalBus()) as running:
        yield running


@pytest.fixture
async def unhealed(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningHub]:
    """The same, to which nobody comes to compare rooms or count voters."""
    monkeypatch.setattr(healing, "HEAL_S", 60)
    async with running_hub(database, LocalBus()) as running:
        yield running


@pytest.fixture
async def deaf(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RunningHub]:
    """A worker whose bus loses everything."""
    healing_quickly(monkeypatch)
    async with running_hub(database, DeafBus()) as running:
        yield running


async def move(running: RunningHub, event: Event, n: int | None, **how: bool) -> Event:
    """Show the n-th poll, told as an edge tells it."""
    change = await show(running.database, event, n, **how)
    running.tallies.event_changed(change)
    return change.event


def has_moved(screen: RecordingSink, event: Event) -> Callable[[], bool]:
    """Whether it was moved to this state of the event."""
    return lambda: any(text.startswith(f"moved r{event.revision} ") for text in screen.texts)


def seen_of(screen: RecordingSink, *kinds: str) -> list[str]:
    """What was sent, but for presence."""
    kinds = kinds or ("moved", "event", "totals", "poll", "deleted")
    return [text for text in screen.texts if text.split()[0] in kinds]
