"""Fan-out: the newest to everyone, encoded once, in slices, however slowly somebody reads."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count, pairwise
from typing import Any

import pytest

from nexus.domain.poll import Place, Policy
from nexus.domain.presence import Crowd
from nexus.domain.rights import Role
from nexus.rooms import fanout as fanout_module
from nexus.rooms import writing
from nexus.rooms.fanout import SLICE_S, Fanout
from nexus.rooms.frame import Frame
from nexus.rooms.room import Room, Shown, Viewer
from nexus.rooms.writing import STRIDE
from tests.support.rooms import PlainFrames, RecordingSink, poll_at, seated, totals_at
from tests.support.waiting import until

AFTER_VOTE: dict[str, Any] = {"results": Policy.AFTER_VOTE}


def room_at(version: int = 1, **fields: Any) -> Room:
    room = Room(7)
    room.learn(poll_at(version, **fields))
    return room


async def pass_by() -> None:
    """Let the tasks that are ready run, often enough for a pass."""
    for _ in range(5):
        await asyncio.sleep(0)


async def turns_until(condition: Callable[[], bool]) -> None:
    """Give others their turns, a bounded number of them, until something has become true."""
    for _ in range(100):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("nothing came of it")


def slow_clock() -> Callable[[], float]:
    """A clock by which every few viewers take a slice."""
    return partial(next, count(0.0, SLICE_S))


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


async def test_while_votes_queue_the_loop_is_theirs_after_each_slice() -> None:
    room, queue = room_at(1), True
    screens = [seated(room, n)[1] for n in range(STRIDE * 4)]
    fanout = Fanout(PlainFrames(), tick_s=60, clock=slow_clock(), votes_queue=lambda: queue)
    fanout.send_soon(room)
    await turns_until(lambda: any(screen.taken for screen in screens))
    begun = sum(len(screen.taken) for screen in screens)
    for _ in range(20):
        await asyncio.sleep(0)
    assert sum(len(screen.taken) for screen in screens) == begun < len(screens)
    await until(lambda: sum(len(screen.taken) for screen in screens) > begun)
    queue = False
    await until(lambda: all(screen.taken for screen in screens))


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
    room.elsewhere = {"there": (Crowd(2), 9.0)}
    room.count(1.0)
    Fanout(PlainFrames(), tick_s=60).send_soon(room)
    await pass_by()
    assert screen.texts == ["poll r5 full", "totals 1.2 full", "presence 3"]


async def test_presence_is_sent_once_a_count_at_most() -> None:
    room = room_at(2)
    (viewer, screen), fanout = seated(room), Fanout(PlainFrames())
    viewer.shown = Shown(Place(1, 2), full=True)

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
    room.online = 7
    assert sent() == ["presence 1", "presence 7"]
    room.online = 8
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


# Its time


class Costly(RecordingSink):
    """A sink whose every write takes a while by a clock of its own making."""

    def __init__(self, spend: Callable[[float], None], cost: float) -> None:
        super().__init__()
        self._spend = spend
        self._cost = cost

    def write(self, frame: Frame) -> bool:
        self._spend(self._cost)
        return super().write(frame)


class Timed(Fanout):
    """A fan-out by a clock that moves as its viewers are written to. It notes its rests and takes none."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(PlainFrames(), clock=lambda: self.now, **settings)
        self.now = 0.0
        self.rests: list[float] = []

    def spend(self, seconds: float) -> None:
        self.now += seconds

    def seat(self, room: Room, n: int, cost: float) -> RecordingSink:
        """A viewer that costs so many seconds."""
        viewer, _ = seated(room, n)
        viewer.sink = screen = Costly(self.spend, cost)
        viewer.write = screen.write
        return screen

    async def _rest(self, seconds: float) -> None:
        self.rests.append(seconds)
        self.now += seconds


@pytest.mark.parametrize(
    ("cost", "viewers", "rests"),
    [
        (0.0, 10, [0.05]),  # nothing: a whole tick
        (0.001, 10, [0.04]),  # 10 ms: the rest of the tick
        (0.001, 100, []),  # 100 ms: passes back to back
    ],
)
async def test_passes_are_a_tick_apart_or_back_to_back(cost: float, viewers: int, rests: list[float]) -> None:
    room, fanout = room_at(2), Timed(tick_s=0.05)
    screens = [fanout.seat(room, n, cost) for n in range(viewers)]
    fanout.send_soon(room)
    await turns_until(lambda: all(screen.taken for screen in screens))
    room.accept(totals_at(3))
    fanout.send_soon(room)
    await turns_until(lambda: all(screen.texts[-1] == "totals 1.3 full" for screen in screens))
    assert fanout.rests == [pytest.approx(rest) for rest in rests]


async def test_a_busy_room_does_not_make_another_wait() -> None:
    busy, quiet = room_at(1), room_at(1)
    screens = [seated(busy, n)[1] for n in range(STRIDE * 4)]
    quiet.id = 8
    _, screen = seated(quiet)
    fanout = Fanout(PlainFrames(), tick_s=60, clock=slow_clock())
    fanout.send_soon(busy)
    await turns_until(lambda: any(one.taken for one in screens))
    fanout.send_soon(quiet)
    await turns_until(lambda: bool(screen.taken))
    assert not all(one.taken for one in screens), "a pass over the small room waits for the large one's"
    await turns_until(lambda: all(one.taken for one in screens))
    quiet.accept(totals_at(2))
    busy.accept(totals_at(2))
    fanout.send_soon(busy)
    await pass_by()
    third = room_at(1)
    third.id = 9
    _, screen = seated(third)
    fanout.send_soon(third)
    await pass_by()
    assert screen.texts == ["totals 1.1 full"], "an idle room waits for the tick of a busy one"


async def test_totals_do_not_wait_for_a_tick_after_presence() -> None:
    room = room_at(1)
    _, screen = seated(room)
    fanout = Fanout(PlainFrames(), tick_s=0.001)
    fanout.send_soon(room)
    await until(lambda: fanout._task is None)
    fanout._tick_s = 60
    assert room.count(1.0)
    fanout.send_soon(room)
    await pass_by()
    room.accept(totals_at(2))
    fanout.send_soon(room)
    await pass_by()
    assert screen.texts == ["totals 1.1 full", "presence 1", "totals 1.2 full"]


async def test_everything_else_gets_turns_after_each_slice() -> None:
    room = room_at(1)
    screens = [seated(room, n)[1] for n in range(STRIDE * 10)]
    Fanout(PlainFrames(), tick_s=60, clock=slow_clock()).send_soon(room)
    steps = []
    while not all(screen.taken for screen in screens):
        await asyncio.sleep(0)
        steps.append(sum(bool(screen.taken) for screen in screens))
        assert len(steps) < 100
    slices = [after - before for before, after in pairwise(steps)]
    assert max(slices) == STRIDE
    assert slices.count(0) >= 9 * (fanout_module.TURNS - 1)


async def test_time_to_the_last_screen_counts_from_the_first_change_of_a_pass() -> None:
    times: list[float] = []
    room, fanout = room_at(2), Timed(tick_s=0.05, shown=times.append)
    screens = [fanout.seat(room, n, 0.001) for n in range(10)]
    fanout.send_soon(room)
    await turns_until(lambda: len(times) == 1)
    room.accept(totals_at(3))
    fanout.send_soon(room)
    fanout.spend(0.01)
    room.accept(totals_at(4))
    fanout.send_soon(room)
    await turns_until(lambda: len(times) == 2)
    assert times == [pytest.approx(0.01), pytest.approx(0.05)]
    room.count(1.0)
    fanout.send_soon(room)
    await turns_until(lambda: screens[-1].texts[-1] == "presence 10")
    assert len(times) == 2, "presence alone is no change of totals"


async def test_a_viewer_that_fails_harms_no_other_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fanout_module, "RETRY_S", 0.01)

    def broken(frame: Frame) -> bool:
        raise ZeroDivisionError(frame)

    room = room_at(2)
    viewer, healed = seated(room)
    _, other = seated(room, 2)
    viewer.write = broken
    Fanout(PlainFrames(), tick_s=0.001).send_soon(room)
    await pass_by()
    assert "ZeroDivisionError" in caplog.text
    assert other.texts == ["totals 1.2 full"]
    viewer.write = healed.write
    await until(lambda: healed.texts == ["totals 1.2 full"])


async def test_up_to_date_viewers_are_not_looked_at_closely(monkeypatch: pytest.MonkeyPatch) -> None:
    room = room_at(1, **AFTER_VOTE)
    for n in range(20):
        seated(room, n, role=Role.HOST if n % 2 else Role.VOTER)
    closely: list[Viewer] = []
    fanout = Fanout(PlainFrames(), tick_s=0)
    fanout.send_soon(room)
    await pass_by()
    monkeypatch.setattr(writing, "deliver", lambda _room, viewer, _encoded: closely.append(viewer))
    room.accept(totals_at(2, **AFTER_VOTE))
    fanout.send_soon(room)
    await pass_by()
    assert closely == []
    assert all(viewer.shown == (Place(1, 2), viewer.role is Role.HOST) for viewer in room.viewers)
