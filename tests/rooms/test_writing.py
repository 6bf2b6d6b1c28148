"""What is noted of a viewer that is written to: so nothing is sent again, and nothing that was refused is forgotten."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count

from nexus.domain.presence import Crowd
from nexus.rooms.fanout import FRESH_S, SLICE_S, Fanout
from nexus.rooms.room import Room, Viewer
from nexus.rooms.writing import STRIDE
from tests.support.rooms import PlainFrames, RecordingSink, poll_at, seated, totals_at


def room_at(version: int, revision: int = 1) -> Room:
    room = Room(7)
    room.learn(poll_at(version, revision=revision))
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
    room.elsewhere = {"there": (Crowd(2), 9.0)}
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
