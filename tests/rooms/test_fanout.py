"""Fan-out: the newest to everyone, encoded once, in slices, however slowly somebody reads."""

from typing import Any

import pytest

from nexus.domain.poll import Place, Policy
from nexus.domain.presence import Crowd
from nexus.domain.rights import Role
from nexus.rooms.fanout import Fanout
from nexus.rooms.viewer import LastSent
from nexus.rooms.writing import STRIDE
from tests.support.rooms import PlainFrames, pass_by, poll_at, room_at, seated, slow_clock, totals_at, turns_until
from tests.support.waiting import until

AFTER_VOTE: dict[str, Any] = {"results": Policy.AFTER_VOTE}


async def test_idle_room_is_sent_at_once() -> None:
    room = room_at(3)
    _, screen = seated(room)
    Fanout(PlainFrames(), tick_s=60).send_soon(room)
    await pass_by()
    assert screen.texts == ["totals 1.3 full"]


async def test_updates_within_a_tick_are_one_pass_with_the_newest() -> None:
    room = room_at(1)
    _, screen = seated(room)
    fanout = Fanout(PlainFrames(), tick_s=0.05)
    fanout.send_soon(room)
    await pass_by()
    for version in range(2, 50):
        room.accept(totals_at(version))
        fanout.send_soon(room)
    await pass_by()
    assert screen.texts == ["totals 1.1 full"]
    await until(lambda: len(screen.texts) == 2)
    assert screen.texts[1] == "totals 1.49 full"


async def test_urgent_update_does_not_wait_for_the_tick() -> None:
    room = room_at(1)
    _, screen = seated(room)
    fanout = Fanout(PlainFrames(), tick_s=60)
    fanout.send_soon(room)
    await pass_by()
    room.accept(totals_at(2))
    fanout.send_soon(room, urgent=True)
    await pass_by()
    assert screen.texts == ["totals 1.1 full", "totals 1.2 full"]


async def test_urgent_update_hurries_one_pass_alone() -> None:
    room = room_at(1)
    _, screen = seated(room)
    fanout = Fanout(PlainFrames(), tick_s=60)
    fanout.send_soon(room, urgent=True)
    await pass_by()
    room.accept(totals_at(2))
    fanout.send_soon(room, urgent=True)
    await pass_by()
    room.accept(totals_at(3))
    fanout.send_soon(room)
    await pass_by()
    assert screen.texts == ["totals 1.1 full", "totals 1.2 full"]


async def test_urgent_update_during_a_pass_is_not_forgotten() -> None:
    room, final = room_at(1), room_at(1)
    screens = [seated(room, n)[1] for n in range(STRIDE * 3)]
    _, watching = seated(final)
    fanout = Fanout(PlainFrames(), tick_s=60, clock=slow_clock())
    fanout.send_soon(room)
    await turns_until(lambda: any(screen.taken for screen in screens))
    assert not all(screen.taken for screen in screens), "the pass is over already"
    final.id = 8
    fanout.send_soon(final, urgent=True)
    await turns_until(lambda: watching.texts == ["totals 1.1 full"])


async def test_frames_are_encoded_once_for_each_audience() -> None:
    room = room_at(4, **AFTER_VOTE)
    frames = PlainFrames()
    seeing = [seated(room, n, role=Role.HOST)[1] for n in range(50)]
    blind = [seated(room, 100 + n)[1] for n in range(50)]
    Fanout(frames, tick_s=60).send_soon(room)
    await pass_by()
    assert sorted(frames.made) == ["totals 1.4 full", "totals 1.4 turnout"]
    assert {id(screen.taken[0]) for screen in seeing} != {id(screen.taken[0]) for screen in blind}
    for group in (seeing, blind):
        assert len({id(screen.taken[0]) for screen in group}) == 1


async def test_definition_goes_before_totals_and_presence_after() -> None:
    room = room_at(2, revision=5)
    viewer, screen = seated(room)
    viewer.revision = 4
    room.gathering.elsewhere = {"there": (Crowd(2), 9.0)}
    room.count(1.0)
    Fanout(PlainFrames(), tick_s=60).send_soon(room)
    await pass_by()
    assert screen.texts == ["poll r5 full", "totals 1.2 full", "presence 3"]


async def test_presence_is_sent_once_a_count_at_most() -> None:
    room = room_at(2)
    (viewer, screen), fanout = seated(room), Fanout(PlainFrames())
    viewer.shown = LastSent(Place(1, 2), full=True)

    def sent() -> list[str]:
        fanout.catch_up(room, viewer)
        return screen.texts

    assert sent() == []
    room.count(1.0)
    assert sent() == sent() == ["presence 1"]
    late, late_screen = seated(room, 2)
    late.shown = viewer.shown
    fanout.catch_up(room, late)
    assert late_screen.texts == [], "who comes between two counts is told with the next"
    room.count(2.0)
    room.gathering.online = 7
    assert sent() == ["presence 1", "presence 7"]
    room.gathering.online = 8
    assert sent() == ["presence 1", "presence 7"]
    fanout.catch_up(room, late)
    assert late_screen.texts == ["presence 8"]


async def test_viewer_is_sent_nothing_twice_and_nothing_older() -> None:
    room = room_at(5)
    viewer, screen = seated(room)
    fanout = Fanout(PlainFrames())
    fanout.catch_up(room, viewer)
    fanout.catch_up(room, viewer)
    viewer.shown = viewer.shown._replace(place=Place(1, 9))
    fanout.catch_up(room, viewer)
    assert screen.texts == ["totals 1.5 full"]


async def test_full_frame_replaces_a_turnout_one_of_the_same_place_only() -> None:
    room = room_at(5, **AFTER_VOTE)
    viewer, screen = seated(room)
    fanout = Fanout(PlainFrames())
    fanout.catch_up(room, viewer)
    viewer.right = Place(1, 5)
    fanout.catch_up(room, viewer)
    viewer.right = None
    fanout.catch_up(room, viewer)
    assert screen.texts == ["totals 1.5 turnout", "totals 1.5 full"]


async def test_clogged_viewer_gets_the_newest_alone_when_it_drains() -> None:
    room = room_at(1)
    (slow, clogged), (_, quick) = seated(room, 1), seated(room, 2)
    fanout = Fanout(PlainFrames(), tick_s=0.001)
    clogged.clogged = True
    for version in range(2, 20):
        room.accept(totals_at(version))
        fanout.send_soon(room, urgent=True)
        await pass_by()
    assert slow.behind
    assert quick.texts[-1] == "totals 1.19 full"
    clogged.clogged = False
    fanout.catch_up(room, slow)
    assert clogged.texts == ["totals 1.19 full"]
    assert not slow.behind


async def test_outdated_room_sends_nothing_until_it_is_read() -> None:
    room = room_at(1)
    viewer, screen = seated(room)
    fanout = Fanout(PlainFrames(), tick_s=0.001)
    room.accept(totals_at(2, revision=2))
    fanout.send_soon(room)
    await pass_by()
    fanout.catch_up(room, viewer)
    assert screen.texts == []


async def test_doubtful_room_keeps_back_those_whose_right_is_in_doubt() -> None:
    room = room_at(5, **AFTER_VOTE)
    (voted, seeing), (_, blind) = seated(room, 1), seated(room, 2)
    voted.right = Place(1, 4)
    room.accept(totals_at(6, retractions=1, **AFTER_VOTE))
    fanout = Fanout(PlainFrames(), tick_s=60)
    fanout.send_soon(room)
    await pass_by()
    fanout.catch_up(room, voted)
    assert (seeing.texts, blind.texts) == ([], ["totals 1.6 turnout"])
    room.verify(1, Place(1, 6), frozenset())
    fanout.catch_up(room, voted)
    assert seeing.texts == ["totals 1.6 turnout"]


async def test_room_that_becomes_outdated_during_a_pass_sends_no_more_until_it_is_read() -> None:
    room = room_at(1)
    screens = [seated(room, n)[1] for n in range(STRIDE * 2)]
    fanout = Fanout(PlainFrames(), tick_s=0, clock=slow_clock())
    fanout.send_soon(room)
    await turns_until(lambda: any(screen.taken for screen in screens))
    room.accept(totals_at(2, revision=2))
    fanout.send_soon(room)
    await pass_by()
    assert {tuple(screen.texts) for screen in screens} == {("totals 1.1 full",), ()}
    room.learn(poll_at(2, revision=2))
    fanout.send_soon(room)
    await turns_until(lambda: all(screen.texts[-2:] == ["poll r2 full", "totals 1.2 full"] for screen in screens))


async def test_who_had_everything_and_leaves_during_a_pass_gets_nothing_more() -> None:
    room = room_at(1)
    seats = [seated(room, n) for n in range(STRIDE * 2)]
    fanout = Fanout(PlainFrames(), tick_s=0, clock=slow_clock())
    fanout.send_soon(room)
    await turns_until(lambda: all(len(screen.taken) == 1 for _, screen in seats))
    room.accept(totals_at(2))
    fanout.send_soon(room)
    await turns_until(lambda: any(len(screen.taken) == 2 for _, screen in seats))
    rest = [(viewer, screen) for viewer, screen in seats if len(screen.taken) == 1]
    for viewer, _ in rest:
        room.discard(viewer)
    await pass_by()
    assert rest
    assert all(len(screen.taken) == 1 for _, screen in rest)


@pytest.mark.parametrize("fields", [{"results": Policy.HOST}, {"epoch": 2, "results": Policy.AFTER_VOTE}])
async def test_totals_that_hide_counts_change_everybodys_audience(fields: dict[str, Any]) -> None:
    room = room_at(1, results=Policy.AFTER_VOTE if "epoch" in fields else Policy.LIVE)
    viewer, screen = seated(room)
    viewer.right = Place(1, 1)
    fanout = Fanout(PlainFrames(), tick_s=0)
    fanout.send_soon(room)
    await pass_by()
    room.accept(totals_at(2, **fields))
    fanout.send_soon(room)
    await pass_by()
    assert screen.texts == ["totals 1.1 full", f"totals {fields.get('epoch', 1)}.2 turnout"]


async def test_state_that_moves_during_a_pass_is_encoded_anew() -> None:
    room = room_at(1)
    screens = [seated(room, n)[1] for n in range(STRIDE * 2)]
    fanout = Fanout(PlainFrames(), tick_s=0.001, clock=slow_clock())
    fanout.send_soon(room)
    await turns_until(lambda: any(screen.taken for screen in screens))
    room.accept(totals_at(2))
    fanout.send_soon(room)
    await until(lambda: all(screen.texts[-1:] == ["totals 1.2 full"] for screen in screens))
    assert all(screen.texts == sorted(set(screen.texts)) for screen in screens)
    assert any(len(screen.texts) == 1 for screen in screens)


async def test_viewer_that_leaves_during_a_pass_gets_nothing_more() -> None:
    room = room_at(1)
    seats = [seated(room, n) for n in range(STRIDE * 2)]
    Fanout(PlainFrames(), tick_s=60, clock=slow_clock()).send_soon(room)
    await turns_until(lambda: any(screen.taken for _, screen in seats))
    rest = [(viewer, screen) for viewer, screen in seats if not screen.taken]
    for viewer, _ in rest:
        room.discard(viewer)
    await pass_by()
    assert rest
    assert all(screen.taken == [] for _, screen in rest)
