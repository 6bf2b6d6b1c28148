"""Healing: with a bus that loses everything, rooms still follow the database, within about a second."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from nexus.domain.definition import OptionPatch, PollPatch
from nexus.domain.poll import Policy
from nexus.errors import Unavailable
from nexus.rooms.room import Room
from nexus.store import options, polls, rounds
from nexus.store.database import Database
from nexus.store.watch import Places, StandingVoters
from tests.support.ballots import HOST, cast_one, make_poll, retract, vote, voter
from tests.support.hub import DeafBus, RunningHub, healing_quickly, running_hub, shows
from tests.support.waiting import until

ALICE, BOB = voter(1), voter(2)


@pytest.fixture
async def running(database: Database) -> AsyncIterator[RunningHub]:
    async with running_hub(database, DeafBus()) as running:
        yield running


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    healing_quickly(monkeypatch)


async def test_lost_totals_are_healed(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, ALICE)
    async with asyncio.timeout(20):
        cast = await cast_one(running.database, vote(poll, BOB, 0))
        await until(shows(screen, f"totals 1.{cast.version} full"))


@pytest.mark.usefixtures("quick")
async def test_nobody_is_looked_at_where_nothing_has_changed(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, ALICE)
    await until(shows(screen, "presence 1"))
    passes: list[Room] = []
    monkeypatch.setattr(running.hub._fanout, "send_soon", lambda room, urgent=False: passes.append(room))
    healed, places = 0, running.tallies.compare

    async def counted(polls: list[int], events: list[int]) -> Places:
        nonlocal healed
        healed += 1
        return await places(polls, events)

    monkeypatch.setattr(running.tallies, "compare", counted)
    await until(lambda: healed == 3)
    assert passes == []


@pytest.mark.usefixtures("quick")
async def test_lost_changes_are_healed(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, ALICE)
    changed = await polls.patch(running.database, poll.id, PollPatch(question="Which, then?"), HOST)
    await until(shows(screen, f"poll r{changed.revision} full"))
    await cast_one(running.database, vote(poll, BOB, 0))
    fixed = OptionPatch(option_text="Yes!")
    corrected = await options.patch(running.database, poll.options[0].id, fixed, HOST, correction=True)
    await until(shows(screen, f"poll r{corrected.poll.revision} full"))
    closed = await rounds.close_poll(running.database, poll.id, HOST)
    await until(shows(screen, f"totals 1.{closed.version} full"))
    reset = await rounds.reset_poll(running.database, poll.id, HOST)
    await until(shows(screen, f"totals 2.{reset.version} full"))
    await polls.delete(running.database, poll.id, HOST)
    await until(lambda: screen.gone == [poll.id])
    assert running.hub.rooms == 0


@pytest.mark.usefixtures("quick")
async def test_lost_retraction_is_healed_and_shows_nothing_hidden(running: RunningHub) -> None:
    poll = await make_poll(running.database, results=Policy.AFTER_VOTE)
    await cast_one(running.database, vote(poll, ALICE, 0))
    _, screen = await running.enter(poll, ALICE)
    gone = await cast_one(running.database, retract(poll, ALICE))
    await until(shows(screen, f"totals 1.{gone.version} turnout"))
    assert f"totals 1.{gone.version} full" not in screen.texts


@pytest.mark.usefixtures("quick")
async def test_rights_that_could_not_be_asked_for_are_asked_for_again(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll = await make_poll(running.database, results=Policy.AFTER_VOTE)
    for one in (ALICE, BOB):
        await cast_one(running.database, vote(poll, one, 0))
    _, screen = await running.enter(poll, ALICE)
    ask, tries = running.hub._ask_rights, 0

    async def weather(poll_id: int, voters: list[str]) -> StandingVoters | None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Unavailable
        return await ask(poll_id, voters)

    monkeypatch.setattr(running.hub, "_ask_rights", weather)
    gone = await cast_one(running.database, retract(poll, BOB))
    await until(shows(screen, f"totals 1.{gone.version} full"))


@pytest.mark.usefixtures("quick")
async def test_poll_made_private_unheard_is_taken_from_strangers(running: RunningHub) -> None:
    poll = await make_poll(running.database)
    await polls.join(running.database, [(poll.id, BOB.voter)])
    _, stranger = await running.enter(poll, ALICE)
    _, member = await running.enter(poll, BOB)
    changed = await polls.patch(running.database, poll.id, PollPatch(is_public=False), HOST)
    await until(lambda: stranger.gone == [poll.id])
    await until(shows(member, f"poll r{changed.revision} full"))
    assert f"poll r{changed.revision} full" not in stranger.texts


@pytest.mark.usefixtures("quick")
async def test_healing_outlives_an_unreachable_database(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poll = await make_poll(running.database)
    _, screen = await running.enter(poll, ALICE)
    places, tries = running.tallies.compare, 0

    async def weather(polls: list[int], events: list[int]) -> Places:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Unavailable
        return await places(polls, events)

    monkeypatch.setattr(running.tallies, "compare", weather)
    cast = await cast_one(running.database, vote(poll, ALICE, 0))
    await until(shows(screen, f"totals 1.{cast.version} full"))
    assert "cannot compare the rooms with the database" in caplog.text
