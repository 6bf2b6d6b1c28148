"""The table of attacks says what was felt, and how that compares with what is promised."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.attacks import Run, table, written
from tests.support.attack_scene import Felt, p99_ms, worst_ms
from tests.support.attacks.known import ATTACKS, load_of
from tests.support.audience_acts import SentAct
from tests.support.fault_crowd import TimedAct

FELT = Felt("lists", 20.0, 70.0, 15.0, 70.0, 90.0, 71.0, 0.5, 400, 3, 300, 2.0)
RUN = Run(FELT, "", "2026-11-29 08:00 UTC", "abc1234")


def timed(asked: float, took_s: float) -> TimedAct:
    """An act that was answered."""
    return TimedAct(SentAct("op", 1, None), asked, asked + took_s)


def test_the_worst_three_seconds_count_those_asked_within_them() -> None:
    calm = [timed(n / 10, 0.01) for n in range(100)]
    stalled = [*calm, timed(4.25, 2.0), timed(11.0, 9.0)]
    assert p99_ms(calm) == pytest.approx(10)
    assert worst_ms(stalled, 0, 10) == pytest.approx(2_000)
    assert worst_ms([], 0, 10) == 0


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (RUN, "met"),
        (replace(RUN, felt=replace(FELT, during_ms=81)), "**not met**"),
        (replace(RUN, felt=replace(FELT, before_ms=60, during_ms=151)), "**not met**"),
        (replace(RUN, wrong="counts differ"), "**not met**"),
    ],
)
def test_a_row_says_whether_what_is_promised_was_seen(run: Run, verdict: str) -> None:
    cells = table([run]).splitlines()[-1].split(" | ")
    assert verdict in cells
    assert cells[0] == f"| **lists**: {load_of('lists')}"


def test_a_row_is_the_worst_of_its_runs() -> None:
    worse = replace(RUN, felt=replace(FELT, during_ms=7_000))
    (row,) = table([RUN, worse, RUN]).splitlines()[2:]
    assert "20 → 7,000 → 15" in row
    assert row.endswith("| 3 on `abc1234` |")


def test_a_row_leaves_out_runs_on_servers_of_old() -> None:
    old = replace(RUN, felt=replace(FELT, during_ms=7_000), commit="0ld0ld0")
    (row,) = table([old, RUN]).splitlines()[2:]
    assert "20 → 70 → 15" in row
    assert row.endswith("| 1 on `abc1234` |")


def test_a_table_stands_between_its_comments_whatever_stood_there() -> None:
    text = "before\n<!-- attacks: table -->\nstale\n<!-- attacks: end -->\nafter\n"
    once = written(text, [RUN])
    assert "stale" not in once
    assert "`abc1234`" in once and table([RUN]) in once
    assert written(once, [RUN]) == once
    assert once.startswith("before\n") and once.endswith("\nafter\n")


@pytest.mark.parametrize("name", ATTACKS)
def test_every_attack_says_what_it_is(name: str) -> None:
    assert len(load_of(name)) > 20
