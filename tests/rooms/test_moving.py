"""Moves: whoever follows is moved by the server, all by one pass, each after the end of the poll before."""

import asyncio
import gc
from typing import Any

import pytest

from nexus.bus.local import LocalBus
from nexus.domain.definition import PollPatch
from nexus.domain.event import Event
from nexus.domain.event_definition import EventPatch
from nexus.domain.poll import Policy, Poll
from nexus.errors import PollNotFound
from nexus.rooms import healing, moving
from nexus.store import events, polls, rounds
from nexus.store.database import Database
from nexus.ws.event_frames import EncodedEvents
from tests.support.ballots import HOST, cast_one, vote, voter
from tests.support.followed import ALICE, BOB, has_moved, move, running, seen_of
from tests.support.hub import RunningHub, running_hub, shows
from tests.support.rooms import NOON
from tests.support.shows import make_event, newest, poll_of, show
from tests.support.waiting import until

__all__ = ["running"]


async def test_a_move_seats_everybody_after_the_final_totals(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    screens = [(await running.follow(event, voter(n)))[1] for n in range(70)]
    before = await poll_of(running.database, event, 0)
    cast = await cast_one(running.database, vote(before, ALICE, 0))  # no news of it comes
    shown = await move(running, event, 1)
    after = await poll_of(running.database, event, 1)
    for screen in screens:
        await until(has_moved(screen, shown))
        told = [text for text in screen.texts if text.startswith(("moved", "totals"))]
        assert told[-1] == f"moved r{shown.revision} voter to {after.id} 1.{after.version} full"
        assert told[-2] == f"totals 1.{cast.version + 1} full", "the poll before is closed, and that is its end"
    ballot = await cast_one(running.database, vote(after, BOB, 0))
    for screen in screens:
        await until(shows(screen, f"totals 1.{ballot.version} full"))
    assert running.hub.rooms == 1, "nobody is left in the poll before"


async def test_a_change_that_shows_no_other_poll_sends_the_event_alone(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    _, screen = await running.follow(event, ALICE)
    _, host = await running.follow(event, HOST)
    change = await events.patch(running.database, event.id, EventPatch(title="Gala"), HOST)
    running.tallies.event_changed(change)
    await until(shows(screen, f"event r{change.event.revision} voter"))
    await until(shows(host, f"event r{change.event.revision} host"))
    assert seen_of(screen, "moved") == []


async def test_a_poll_that_changes_changes_its_event(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?")
    _, screen = await running.follow(event, HOST)
    await running.turn(polls.patch(running.database, event.polls[1].id, PollPatch(question="Then?"), HOST))
    changed = await newest(running.database, event)
    await until(shows(screen, f"event r{changed.revision} host"))
    assert changed.revision > event.revision


async def test_a_poll_that_is_deleted_before_anybody_is_moved_there_is_no_fault(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    _, screen = await running.follow(event, ALICE)
    left = asyncio.Event()

    async def never(poll: int) -> None:
        left.set()
        await asyncio.Event().wait()

    async def gone(poll: int) -> Poll:
        await left.wait()
        monkeypatch.undo()
        raise PollNotFound

    monkeypatch.setattr(running.hub, "refresh", never)
    monkeypatch.setattr(running.hub, "hold", gone)
    shown = await move(running, event, 1)
    await until(has_moved(screen, shown))
    gc.collect()
    assert not [one for one in caplog.records if one.name == "asyncio"], caplog.text


async def reads(running: RunningHub, monkeypatch: pytest.MonkeyPatch, event: Event, n: int) -> int:
    """How many reads a move takes until everybody is there."""
    count, read = 0, running.database.read

    def counted() -> Any:
        nonlocal count
        count += 1
        return read()

    change = await show(running.database, event, n)
    followers = list(running.following._rooms[event.id].followers)
    with monkeypatch.context() as patched:
        patched.setattr(running.database, "read", counted)
        running.tallies.event_changed(change)
        await until(lambda: all(one.revision == change.event.revision for one in followers))
    return count


async def test_queries_of_a_move_do_not_depend_on_how_many_follow(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(healing, "HEAL_S", 60)
    async with running_hub(database, LocalBus()) as running:
        event = await make_event(running.database, "One?", "Two?", "Three?")
        await move(running, event, 0)
        await running.follow(event, voter(0))
        few = await reads(running, monkeypatch, event, 1)
        for n in range(1, 300):
            await running.follow(event, voter(n))
        many = await reads(running, monkeypatch, event, 2)
    # The event, where both polls stand, and what their rooms ask for at the same time: mostly it is the same query.
    assert max(few, many) <= 6, (few, many)


async def test_own_ballots_are_read_in_batches_where_there_are_votes(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moving, "VOTERS", 20)
    event = await make_event(running.database, "One?", "Two?")
    screens = [(await running.follow(event, voter(n)))[1] for n in range(50)]
    asked: list[int] = []
    held = running.events.held

    async def counted(poll: int, voters: list[str]) -> Any:
        asked.append(len(voters))
        return await held(poll, voters)

    monkeypatch.setattr(running.events, "held", counted)
    await move(running, event, 0)
    shown = await move(running, event, 1)
    poll = await poll_of(running.database, event, 1)
    for screen in screens:
        await until(has_moved(screen, shown))
    assert asked == [], "nobody has voted in it"
    nothing = await move(running, event, None)
    for screen in screens:  # else they may be shown the same poll as before, and stay in it
        await until(has_moved(screen, nothing))
    await rounds.open_poll(running.database, poll.id, HOST)
    for n in range(0, 50, 10):
        await cast_one(running.database, vote(poll, voter(n), 0))
    again = await move(running, event, 1)
    for n, screen in enumerate(screens):
        await until(has_moved(screen, again))
        assert seen_of(screen, "moved")[-1].endswith("own 1") == (n % 10 == 0)
    assert asked == [20, 20, 10]


async def test_a_move_is_encoded_once_an_audience(running: RunningHub) -> None:
    running.following._moves._frames = EncodedEvents(lambda: NOON)
    event = await make_event(running.database, "One?", "Two?", results=Policy.HOST)
    screens = [(await running.follow(event, by))[1] for by in (*(voter(n) for n in range(40)), HOST)]
    await move(running, event, 0)
    await until(lambda: all(any(b'"shown"' in frame.text for frame in screen.taken) for screen in screens))
    sent = [frame for screen in screens for frame in screen.taken if b'"type":"shown"' in frame.text]
    assert len(sent) == 41 and len({id(frame) for frame in sent}) == 2
    hidden, full = sorted({frame.text for frame in sent}, key=len)
    assert b"Two?" not in hidden and b"Two?" in full
    assert b'"votes_count":null' in hidden and b'"votes_count":null' not in full
