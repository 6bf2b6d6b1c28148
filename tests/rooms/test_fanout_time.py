"""When fan-out sends, and for how long at a time: at once, then by the tick, in slices."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from nexus.domain.poll import Place, Policy
from nexus.domain.rights import Role
from nexus.rooms import fanout as fanout_module
from nexus.rooms import writing
from nexus.rooms.fanout import Fanout
from nexus.rooms.frame import Frame
from nexus.rooms.room import Room
from nexus.rooms.viewer import Viewer
from nexus.rooms.writing import STRIDE
from tests.support.rooms import (
    PlainFrames,
    RecordingSink,
    pass_by,
    room_at,
    seated,
    slow_clock,
    totals_at,
    turns_until,
)
from tests.support.waiting import until

AFTER_VOTE: dict[str, Any] = {"results": Policy.AFTER_VOTE}


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
