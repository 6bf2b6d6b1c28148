"""Healing: with a bus that loses everything, rooms still follow the database, within about a second."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from nexus.domain.definition import PollPatch
from nexus.domain.poll import Policy, Watch
from nexus.errors import Unavailable
from nexus.rooms import hub as module
from nexus.store import polls, rounds
from nexus.store.database import Database
from tests.support.ballots import HOST, cast_one, make_poll, retract, vote, voter
from tests.support.hub import DeafBus, Worker, shows, working
from tests.support.listening import until

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def worker(database: Database) -> AsyncIterator[Worker]:
    async with working(database, DeafBus()) as worker:
        yield worker


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heal ten times as often."""
    monkeypatch.setattr(module, "HEAL_S", module.HEAL_S / 10)


async def test_lost_totals_are_healed_within_about_a_second(worker: Worker) -> None:
    poll = await make_poll(worker.database)
    _, screen = await worker.enter(poll, ALICE)
    for n in range(3):
        async with asyncio.timeout(2.5):
            cast = await cast_one(worker.database, vote(poll, voter(10 + n), 0))
            await until(shows(screen, f"totals 1.{cast.version} full"))


@pytest.mark.usefixtures("quick")
async def test_lost_changes_are_healed(worker: Worker) -> None:
    poll = await make_poll(worker.database)
    _, screen = await worker.enter(poll, ALICE)
    changed = await polls.patch(worker.database, poll.id, PollPatch(question="Which, then?"), HOST)
    await until(shows(screen, f"poll r{changed.revision} full"))
    closed = await rounds.close_poll(worker.database, poll.id, HOST)
    await until(shows(screen, f"totals 1.{closed.version} full"))
    reset = await rounds.reset_poll(worker.database, poll.id, HOST)
    await until(shows(screen, f"totals 2.{reset.version} full"))
    await polls.delete(worker.database, poll.id, HOST)
    await until(lambda: screen.gone == [poll.id])
    assert worker.hub.rooms == 0


@pytest.mark.usefixtures("quick")
async def test_lost_retraction_is_healed_and_shows_nothing_hidden(worker: Worker) -> None:
    poll = await make_poll(worker.database, results=Policy.AFTER_VOTE)
    await cast_one(worker.database, vote(poll, ALICE, 0))
    _, screen = await worker.enter(poll, ALICE)
    gone = await cast_one(worker.database, retract(poll, ALICE))
    await until(shows(screen, f"totals 1.{gone.version} turnout"))
    assert f"totals 1.{gone.version} full" not in screen.texts


@pytest.mark.usefixtures("quick")
async def test_poll_made_private_unheard_is_taken_from_strangers(worker: Worker) -> None:
    poll = await make_poll(worker.database)
    await polls.join(worker.database, [(poll.id, BOB.voter)])
    _, stranger = await worker.enter(poll, ALICE)
    _, member = await worker.enter(poll, BOB)
    changed = await polls.patch(worker.database, poll.id, PollPatch(is_public=False), HOST)
    await until(lambda: stranger.gone == [poll.id])
    await until(shows(member, f"poll r{changed.revision} full"))
    assert f"poll r{changed.revision} full" not in stranger.texts


@pytest.mark.usefixtures("quick")
async def test_healing_outlives_an_unreachable_database(
    worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poll = await make_poll(worker.database)
    _, screen = await worker.enter(poll, ALICE)
    places, tries = worker.tallies.places, 0

    async def weather(ids: list[int]) -> dict[int, Watch]:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Unavailable
        return await places(ids)

    monkeypatch.setattr(worker.tallies, "places", weather)
    cast = await cast_one(worker.database, vote(poll, ALICE, 0))
    await until(shows(screen, f"totals 1.{cast.version} full"))
    assert "cannot compare the rooms with the database" in caplog.text
