"""What is noted of a viewer that is written to: so nothing is sent again, and nothing that was refused is forgotten."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from nexus.domain.poll import Place, Policy
from nexus.domain.presence import Crowd
from nexus.domain.rights import Role
from nexus.rooms.fanout import FRESH_S, SLICE_S, Fanout
from nexus.rooms.room import Room
from nexus.rooms.viewer import Viewer
from nexus.rooms.writing import STRIDE
from tests.support.rooms import PlainFrames, RecordingSink, poll_at, seated, totals_at


def room_at(version: int, **fields: Any) -> Room:
    room = Room(7)
    room.learn(poll_at(version, **fields))
    return room


async def passed(fanout: Fanout, room: Room) -> None:
    """Send the room, and let the pass come to its end."""
    fanout.send_soon(room, urgent=True)
    for _ in range(10):
        await asyncio.sleep(0)


async def refused_at_its_first_clog(fanout: Fanout, room: Room) -> tuple[Viewer, RecordingSink]:
    """Somebody who had everything, and then refused the newest totals."""
    viewer, screen = seated(room)
    await passed(fanout, room)
    screen.taken.clear()
    screen.clogged = True
    room.accept(totals_at(2))
    await passed(fanout, room)
    screen.clogged = False
    return viewer, screen


async def test_viewer_that_refuses_for_the_first_time_is_behind() -> None:
    room, fanout = room_at(1), Fanout(PlainFrames(), tick_s=60)
    viewer, screen = await refused_at_its_first_clog(fanout, room)
    assert viewer.behind
    fanout.catch_up(room, viewer)
    assert screen.texts == ["totals 1.2 full"]
    assert not viewer.behind


async def test_next_pass_writes_what_was_refused() -> None:
    room, fanout = room_at(1), Fanout(PlainFrames(), tick_s=60)
    _, screen = await refused_at_its_first_clog(fanout, room)
    await passed(fanout, room)
    assert screen.texts == ["totals 1.2 full"]


def test_definition_and_count_are_sent_once() -> None:
    room, fanout = room_at(2, revision=5), Fanout(PlainFrames())
    viewer, screen = seated(room)
    viewer.revision = 4
    room.gathering.elsewhere = {"there": (Crowd(2), 9.0)}
    for now in (1.0, 2.0):
        room.count(now)
        fanout.catch_up(room, viewer)
    assert screen.texts == ["poll r5 full", "totals 1.2 full", "presence 3"]


def test_frames_are_encoded_anew_once_their_time_is_old() -> None:
    times, frames, room = iter([0.0, FRESH_S, FRESH_S * 2]), PlainFrames(), room_at(2)
    fanout, screens = Fanout(frames, clock=partial(next, times)), [seated(room, n) for n in range(3)]
    for viewer, _ in screens:
        fanout.catch_up(room, viewer)
    first, same, later = (screen.taken[0] for _, screen in screens)
    assert first is same
    assert later is not first
    assert later.text == first.text


async def test_passes_over_a_room_do_not_overlap() -> None:
    clock: Callable[[], float] = partial(next, count(0.0, SLICE_S))
    room, fanout = room_at(1), Fanout(PlainFrames(), tick_s=0, clock=clock)
    screens = [seated(room, n)[1] for n in range(STRIDE * 3)]
    for version in range(2, 20):
        room.accept(totals_at(version))
        fanout.send_soon(room, urgent=True)
        await asyncio.sleep(0)
        assert len(fanout._passes) <= 1
    assert any(screen.taken for screen in screens)


async def test_right_that_is_gained_in_doubt_shows_once_the_doubt_is_over() -> None:
    hidden: dict[str, Any] = {"results": Policy.AFTER_VOTE}
    room, fanout = room_at(5, **hidden), Fanout(PlainFrames(), tick_s=60)
    viewer, screen = seated(room)
    room.accept(totals_at(6, retractions=1, **hidden))
    await passed(fanout, room)
    room.grant(viewer.identity.voter, Place(1, 6))
    fanout.catch_up(room, viewer)
    assert screen.texts == ["totals 1.6 turnout"]
    room.verify(1, Place(1, 6), frozenset({viewer.identity.voter}))
    await passed(fanout, room)
    assert screen.texts == ["totals 1.6 turnout", "totals 1.6 full"]


async def test_new_role_shows_with_the_next_pass() -> None:
    room, fanout = room_at(5, results=Policy.HOST), Fanout(PlainFrames(), tick_s=60)
    viewer, screen = seated(room)
    await passed(fanout, room)
    room.recast(viewer, Role.HOST)
    await passed(fanout, room)
    assert screen.texts == ["totals 1.5 turnout", "totals 1.5 full"]


async def test_newcomer_is_told_the_count_though_it_stays_the_same() -> None:
    room, fanout = room_at(5), Fanout(PlainFrames(), tick_s=60)
    seated(room)
    room.count(1.0)
    await passed(fanout, room)
    _, screen = seated(room)  # the same voter
    await passed(fanout, room)
    room.count(2.0)
    await passed(fanout, room)
    assert screen.texts == ["totals 1.5 full", "presence 1"]


async def test_viewer_that_lacked_totals_alone_gets_none_after_leaving() -> None:
    clock: Callable[[], float] = partial(next, count(0.0, SLICE_S))
    room, fanout = room_at(1), Fanout(PlainFrames(), tick_s=60, clock=clock)
    seats = [seated(room, n) for n in range(STRIDE * 2)]
    await passed(fanout, room)
    room.accept(totals_at(2))
    fanout.send_soon(room, urgent=True)
    for _ in range(2):
        await asyncio.sleep(0)
    assert seats[0][1].texts == ["totals 1.1 full", "totals 1.2 full"]
    viewer, screen = seats[-1]
    room.discard(viewer)
    await passed(fanout, room)
    assert screen.texts == ["totals 1.1 full"]
    assert seats[-2][1].texts == ["totals 1.1 full", "totals 1.2 full"]
