"""The order of moves: the newest alone, and never the past, whatever comes meanwhile."""

from typing import Any

import msgspec
import pytest

from nexus.domain.poll import Place, Policy, Poll
from tests.support.ballots import cast_one, vote, voter
from tests.support.followed import ALICE, BOB, has_moved, move, running, seen_of
from tests.support.hub import RunningHub, shows
from tests.support.shows import make_event, newest, poll_of, show
from tests.support.waiting import until

__all__ = ["running"]


async def test_whoever_has_joined_the_poll_by_themselves_stays_in_it(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    first, second = await poll_of(running.database, event, 0), await poll_of(running.database, event, 1)
    follower, screen = await running.follow(event, ALICE)
    own, _ = await running.enter(first, ALICE)
    own.sink, own.write = screen, screen.write
    screen.joined[first.id] = own
    assert follower.viewer is not None
    running.hub.leave(first.id, follower.viewer)
    follower.viewer = own
    shown = await move(running, event, 1, keep_open=True)
    await until(has_moved(screen, shown))
    cast = await cast_one(running.database, vote(first, BOB, 0))
    await until(shows(screen, f"totals 1.{cast.version} full"))
    running.hub.leave(first.id, own)
    assert running.hub.watched == [second.id]


async def test_totals_that_come_while_seating_are_sent_after_it(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await make_event(running.database, "One?", "Two?")
    await move(running, event, 0)
    screens = [(await running.follow(event, voter(n)))[1] for n in range(5)]
    move_in, cast = running.hub.move_in, list[Poll]()

    def slowly(poll: int, viewer: Any, entry: Any) -> Any:
        if not cast:
            newer = {"version": entry.poll.version + 10, "ballots": 1, "voters": 1}
            cast.append(msgspec.structs.replace(entry.poll, **newer))
            running.tallies.totals_committed(cast[0].totals())
        return move_in(poll, viewer, entry)

    monkeypatch.setattr(running.hub, "move_in", slowly)
    shown = await move(running, event, 1)
    for screen in screens:
        await until(has_moved(screen, shown))
        await until(shows(screen, f"totals 1.{cast[0].version} full"))
        moved = next(n for n, text in enumerate(screen.texts) if text.startswith("moved"))
        assert f"totals 1.{cast[0].version} full" not in screen.texts[:moved]


async def test_a_ballot_cast_while_its_voter_is_seated_gives_its_right(
    running: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = await make_event(running.database, "One?", "Two?", results=Policy.AFTER_VOTE)
    _, screen = await running.follow(event, ALICE)
    move_in, acks = running.hub.move_in, list[int]()

    def voting(poll: int, viewer: Any, entry: Any) -> Any:
        if not acks:
            acks.append(entry.poll.version + 1)
            running.hub.ballot_stands(poll, ALICE.voter, Place(1, acks[0]))
        return move_in(poll, viewer, entry)

    monkeypatch.setattr(running.hub, "move_in", voting)
    shown = await move(running, event, 0)
    await until(has_moved(screen, shown))
    poll = await poll_of(running.database, event, 0)
    cast = await cast_one(running.database, vote(poll, ALICE, 0))
    await until(shows(screen, f"totals 1.{cast.version} full"))


async def test_moves_that_were_superseded_are_skipped(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?", "Three?")
    _, screen = await running.follow(event, ALICE)
    changes = [await show(running.database, event, n) for n in (0, 1, 2)]
    for change in (changes[2], changes[0], changes[0], changes[1]):
        running.tallies.event_changed(change)
    await until(has_moved(screen, changes[2].event))
    last = seen_of(screen, "moved")[-1].split()
    assert last[4] == str(event.polls[2].id)
    revisions = [int(text.split()[1][1:]) for text in seen_of(screen, "moved", "event")]
    assert revisions == sorted(set(revisions))


async def test_a_slow_reader_has_one_slot_and_gets_the_newest(running: RunningHub) -> None:
    event = await make_event(running.database, "One?", "Two?", "Three?")
    await move(running, event, 0)
    follower, screen = await running.follow(event, ALICE)
    _, quick = await running.follow(event, BOB)
    screen.clogged = True
    for n in (1, 2):
        await until(has_moved(quick, await move(running, event, n)))
    assert seen_of(screen) == []
    screen.clogged = False
    running.following.catch_up(event.id, follower)
    await until(has_moved(screen, await newest(running.database, event)))
    moved = seen_of(screen, "moved")
    assert len(moved) == 1 and moved[0].split()[4] == str(event.polls[2].id)
    assert seen_of(screen)[0].startswith(("poll", "totals")), "the end of the poll in which it was"
