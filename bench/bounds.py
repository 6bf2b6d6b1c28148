"""The figures that are aimed at, and whether a run reached them.

Some bounds are factors of the floor or of another figure of the same run. Others are absolute, and were set on another
machine, whose floor took `FLOOR_THERE_US` a viewer and frame: beside them stands what they are worth at the speed of
this one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.result import Result
from bench.words import number

HOT = "one hot poll, changes"

FLOOR_THERE_US = 12.6
"""CPU of the floor, a viewer and frame, where the absolute bounds were set."""


@dataclass(frozen=True)
class Bound:
    """One figure of a run beside what it is held to, and beside the same of the floor and of `ws`, where they have it.

    `at_most` says in which direction it counts; `moonshot` is what would be wonderful.
    """

    what: str
    unit: str
    value: float | None
    bound: float | None
    moonshot: float | None = None
    floor: float | None = None
    ws: float | None = None
    at_most: bool = True
    absolute: bool = False
    """Whether it is a time or a rate in itself, not a share of another one."""
    scaled: float | None = None
    """The bound at this machine's speed, where it is an absolute one of time or rate."""

    @property
    def verdict(self) -> str:
        """Whether it was reached, in a word or two."""
        if self.value is None or self.bound is None:
            return "not measured" if self.value is None else ""
        if self._reached(self.moonshot):
            return "beyond the moonshot"
        return "met" if self._reached(self.bound) else "**not met**"

    def cells(self) -> list[str]:
        """A row of a table: what, figure, floor, ws, bound, moonshot, bound at this machine's speed, verdict."""
        sign, all_aims = "≤" if self.at_most else "≥", (self.bound, self.moonshot, self.scaled)
        aims = [f"{sign} {self._said(aim)}" if aim is not None else "" for aim in all_aims]
        return [self.what, *map(self._said, (self.value, self.floor, self.ws)), *aims, self.verdict]

    def _reached(self, aim: float | None) -> bool:
        if aim is None or self.value is None:
            return False
        return self.value <= aim if self.at_most else self.value >= aim

    def _said(self, value: float | None) -> str:
        return "–" if value is None else f"{number(value)} {self.unit}".rstrip()


def times(factor: float, value: float | None) -> float | None:
    """`factor` times a figure that may not have been measured."""
    return None if value is None else factor * value


def ratio(value: float | None, of: float | None) -> float | None:
    """One figure as a share of another."""
    return value / of if value is not None and of else None


def bounds(result: Result) -> list[Bound]:
    """Every bound, in the order in which people meet them."""
    floor = result.value("fanout", "floor", "4,000 viewers", "cpu_a_viewer_and_frame_us")
    speed = FLOOR_THERE_US / floor if floor else None
    found = [*_fanout(result), *_mixed(result), *_moves(result), *_entering(result), *_votes(result), *_growth(result)]
    return [_at_speed(bound, speed) for bound in found]


def _at_speed(bound: Bound, speed: float | None) -> Bound:
    """With what an absolute bound is worth on a machine that is `speed` times as fast."""
    if speed is None or bound.bound is None or not bound.absolute:
        return bound
    return replace(bound, scaled=bound.bound / speed if bound.at_most else bound.bound * speed)


def _fanout(result: Result) -> Iterator[Bound]:
    load = "4,000 viewers"
    for what, figure, unit, bound, moonshot in (
        ("one vote on an idle server, last of 4,000 screens", "last_ms", "ms", 1.6, 1.2),
        ("CPU a viewer and frame", "cpu_a_viewer_and_frame_us", "µs", 1.25, 1.05),
    ):
        value, floor, ws = (result.value("fanout", one, load, figure) for one in ("nexus", "floor", "ws"))
        yield Bound(what, unit, value, times(bound, floor), times(moonshot, floor), floor, ws)


def _mixed(result: Result) -> Iterator[Bound]:
    load = "5,000 viewers"
    for what, figure, bound, moonshot in (
        ("5,000 viewers, 500 votes/s: cast to screen p50", "screen_p50_ms", None, None),
        ("5,000 viewers, 500 votes/s: cast to screen p95", "screen_p95_ms", 250.0, 120.0),
        ("5,000 viewers, 500 votes/s: ack p99", "ack_p99_ms", 50.0, 30.0),
    ):
        yield Bound(what, "ms", result.value("mixed", "nexus", load, figure), bound, moonshot, absolute=True)
    many = result.value("mixed", "nexus", "10,000 viewers", "screen_p95_ms")
    yield Bound("10,000 viewers, 500 votes/s: cast to screen p95", "ms", many, 500.0, absolute=True)


def _moves(result: Result) -> Iterator[Bound]:
    for workers, who in (("1 worker", "5,000 followers"), ("2 workers", "5,000 followers, two workers")):
        load = f"5,000 followers, all vote within 5 s, {workers}"
        for what, figure, bound in (
            ("from the answer of `next` to `shown`, p95", "shown_p95_ms", 400.0),
            ("the last of them", "shown_longest_ms", 1000.0),
            ("all vote within 5 s then: ack p99", "ack_p99_ms", 500.0),
            ("cast to screen p95 meanwhile", "screen_p95_ms", 500.0),
        ):
            yield Bound(f"{who}: {what}", "ms", result.value("move", "nexus", load, figure), bound, absolute=True)
    one, all_of_them = (
        result.value("move", "nexus", f"statements of a move, followers: {many}", "statements")
        for many in ("1", "5,000")
    )
    share = ratio(all_of_them, one)
    yield Bound("statements of a move, 5,000 followers, times those of one", "", share, 1.0)


def _entering(result: Result) -> Iterator[Bound]:
    rate, floor, ws = (result.value("joins", one, "", "joins_rate") for one in ("nexus", "floor", "ws"))
    yield Bound("joins a second, one worker", "", rate, 1300.0, 2500.0, floor, ws, at_most=False, absolute=True)
    size, floor, ws = (result.value("memory", one, "", "a_viewer_kib") for one in ("nexus", "floor", "ws"))
    yield Bound("memory a joined viewer", "KiB", size, 12.0, 7.0, floor, ws)
    back = result.value("stampede", "nexus", "5,000", "all_back_s")
    yield Bound("5,000 come back within 3 s after a restart: all in their rooms", "s", back, 5.0)
    yield Bound(
        "the same: ack p99 meanwhile",
        "ms",
        result.value("stampede", "nexus", "5,000", "ack_p99_ms"),
        300.0,
        absolute=True,
    )


def _votes(result: Result) -> Iterator[Bound]:
    for voters, bound, moonshot in (("1,000", 10_000.0, 14_000.0), ("200", 8_000.0, 10_000.0)):
        load = f"{voters} voters, {HOT}"
        value, ws = (result.value("votes", one, load, "acked_rate") for one in ("nexus", "ws"))
        alone = result.value("votes", "batch alone", f"{voters} ballots", "acked_rate")
        yield Bound(
            f"acked votes/s, {voters} voters = viewers",
            "",
            value,
            bound,
            moonshot,
            None,
            ws,
            at_most=False,
            absolute=True,
        )
        share = ratio(value, alone)
        if voters == "1,000":
            yield Bound("the same, share of the batch transaction alone", "", share, 0.6, 0.8, at_most=False)
    offered = result.value("votes", "nexus", "1,000 voters, one hot poll, 5,000 votes/s offered", "ack_p99_ms")
    yield Bound("5,000 votes/s offered: ack p99", "ms", offered, 30.0, absolute=True)


def _growth(result: Result) -> Iterator[Bound]:
    def voted(load: str) -> float | None:
        return result.value("votes", "nexus", load, "acked_rate")

    one = voted(f"1,000 voters, {HOT}")
    many = ratio(voted(f"10,000 voters, {HOT}"), one)
    yield Bound("10,000 voters, share of the votes/s of 1,000", "", many, 0.8, at_most=False)
    spread = ratio(voted("1,000 voters, 100 polls"), one)
    yield Bound("100 polls, share of the votes/s of one", "", spread, 1.0, at_most=False)
    grown = result.value("growth", "nexus", "", "last_of_first_share")
    yield Bound("10 M ballots in the tables, share of the votes/s of none", "", grown, 0.8, at_most=False)
