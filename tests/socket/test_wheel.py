"""One timer for many sockets: everything is looked at in time, by turns, and nothing that has left."""

import asyncio
from collections.abc import Callable

from nexus.ws.wheel import MOST_S, SLICE, TICK_S, Wheel


class ManualLoop:
    """Stands for a loop whose clock is set by hand; `advance` runs what is due, as a loop would."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.turns = 0
        self._due: list[tuple[float, Callable[[], None], asyncio.Handle]] = []

    def time(self) -> float:
        return self.now

    def get_debug(self) -> bool:
        return False

    def call_at(self, when: float, call: Callable[[], None]) -> asyncio.Handle:
        handle = asyncio.Handle(call, (), self)  # type: ignore[arg-type]
        self._due.append((when, call, handle))
        return handle

    def call_soon(self, call: Callable[[], None]) -> asyncio.Handle:
        return self.call_at(self.now, call)

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while any(one[0] <= end for one in self._armed()):
            self.run_next()
        self.now = end

    def run_next(self) -> None:
        first = min(self._armed(), key=lambda one: one[0])
        self._due.remove(first)
        self.now = max(self.now, first[0])
        self.turns += 1
        first[1]()

    @property
    def timers(self) -> int:
        return len(self._armed())

    def _armed(self) -> list[tuple[float, Callable[[], None], asyncio.Handle]]:
        return [one for one in self._due if not one[2].cancelled()]

    def stall(self, seconds: float) -> None:
        """Time passes, and nothing runs."""
        self.now += seconds


class Looked:
    """Notes when it was looked at, and is looked at again every `each` seconds."""

    def __init__(self, loop: ManualLoop, each: float | None = None) -> None:
        self.tick: int | None = None
        self.times: list[float] = []
        self._loop = loop
        self._each = each

    def look(self, now: float) -> float | None:
        self.times.append(self._loop.now)
        return None if self._each is None else now + self._each


def made() -> tuple[ManualLoop, Wheel]:
    loop = ManualLoop()
    return loop, Wheel(loop)  # type: ignore[arg-type]


def test_look_comes_within_a_tick_and_not_before() -> None:
    loop, wheel = made()
    for wait in (0.0, 0.01, 0.3, 0.99, 1.0):
        one, due = Looked(loop), loop.now + wait
        wheel.put(one, due)
        loop.advance(2)
        assert len(one.times) == 1
        assert due <= one.times[0] <= due + TICK_S + 1e-6
    assert len(wheel) == 0


class Patient(Looked):
    """Is due once, at a time that it knows; looks before are in vain."""

    def __init__(self, loop: ManualLoop, due: float) -> None:
        super().__init__(loop)
        self._at = due
        self.done: list[float] = []

    def look(self, now: float) -> float | None:
        super().look(now)
        if now < self._at:
            return self._at
        self.done.append(now)
        return None


def test_what_is_far_is_looked_at_in_vain_and_then_in_time() -> None:
    loop, wheel = made()
    for wait in (1.5, 7.77, MOST_S, 3 * MOST_S + 0.3):
        one = Patient(loop, loop.now + wait)
        wheel.put(one, loop.now + wait)
        due = loop.now + wait
        loop.advance(wait + 2)
        assert len(one.done) == 1
        assert due <= one.done[0] <= due + TICK_S + 1e-6
        assert len(one.times) <= 2 + wait // MOST_S


def test_the_sooner_of_two_times_counts() -> None:
    loop, wheel = made()
    one = Looked(loop)
    wheel.put(one, loop.now + 0.5)
    wheel.put(one, loop.now + 0.2)
    wheel.put(one, loop.now + 0.9)
    assert len(wheel) == 1
    loop.advance(2)
    assert len(one.times) == 1
    assert one.times[0] <= 1000.25 + 1e-6


def test_what_was_dropped_is_not_looked_at() -> None:
    loop, wheel = made()
    one, other = Looked(loop), Looked(loop)
    for each in (one, other):
        wheel.put(each, loop.now + 0.2)
    wheel.drop(one)
    wheel.drop(one)
    loop.advance(1)
    assert (one.times, len(other.times)) == ([], 1)


def test_what_is_due_later_has_its_time_too() -> None:
    loop, wheel = made()
    both = [Looked(loop), Looked(loop)]
    for n, one in enumerate(both, 1):
        wheel.put(one, loop.now + 0.2 * n)
    loop.advance(1)
    assert [len(one.times) for one in both] == [1, 1]


def test_many_are_looked_at_by_turns() -> None:
    loop, wheel = made()
    crowd = [Looked(loop) for _ in range(3 * SLICE + 1)]
    for one in crowd:
        wheel.put(one, loop.now + 0.2)
    loop.advance(1)
    assert all(len(one.times) == 1 for one in crowd)
    assert loop.turns == 4


def test_there_is_one_timer_however_many_are_looked_at_again_and_again() -> None:
    loop, wheel = made()
    crowd = [Looked(loop, each=5.0) for _ in range(3 * SLICE + 1)]
    for one in crowd:
        wheel.put(one, loop.now + 5.0)
    loop.advance(30)
    assert loop.timers == 1
    looks = sum(len(one.times) for one in crowd)
    loop.stall(10)
    loop.run_next()
    assert sum(len(one.times) for one in crowd) == looks, "a second timer takes no account of the stall"


def test_a_look_repeats_for_as_long_as_it_asks() -> None:
    loop, wheel = made()
    one = Looked(loop, each=0.5)
    wheel.put(one, loop.now + 0.5)
    loop.advance(5.1)
    assert 9 <= len(one.times) <= 10


def test_loop_that_was_stalled_reads_before_anybody_is_looked_at() -> None:
    loop, wheel = made()
    one = Looked(loop)
    for times in (0, 1):
        wheel.put(one, loop.now + 0.2)
        loop.stall(5)
        loop.advance(0)
        assert len(one.times) == times
        loop.advance(3 * TICK_S)
        assert len(one.times) == times + 1


def test_one_that_fails_does_not_stop_the_others() -> None:
    class Failing(Looked):
        def look(self, now: float) -> float | None:
            raise ZeroDivisionError

    loop, wheel = made()
    one = Looked(loop)
    for each in (Failing(loop), one, Failing(loop)):
        wheel.put(each, loop.now + 0.2)
    loop.advance(1)
    assert len(one.times) == 1
    assert len(wheel) == 0
