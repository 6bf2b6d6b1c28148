"""Results: medians, bounds and tables. And, where there is time for it, that each scenario runs at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.bounds import bounds
from bench.machine import Shares
from bench.markdown import bounds_table
from bench.report import put
from bench.result import Measured, Result, Row, load, save
from tests.support.checkout import ROOT

RUN_S = 120.0
QUICK = {
    "joins": ("--joins", "20", "--in-flight", "5"),
    "stampede": ("--viewers", "300", "--over", "1"),
    "start": (),
}
SLOW = {
    "votes": ("--voters", "20", "--seconds", "1", "--kind", "hot", "spread", "http", "offered", "--rate", "50"),
    "fanout": ("--viewers", "20", "--votes", "2"),
    "mixed": ("--viewers", "20", "--rate", "50", "--seconds", "1"),
    "memory": ("--first", "10", "--viewers", "20"),
    "move": ("--followers", "20", "--moves", "1", "--seconds", "1"),
    "lobby": ("--first", "10", "--waiting", "20"),
    "growth": ("--ballots", "0", "2000", "--voters", "10", "--seconds", "1", "--times", "1"),
}


def fanout(subject: str, last_ms: float, generator: float = 0.1) -> Row:
    shares = Shares(1.0, 0.5, 0.1, generator, 0.4)
    return Row("fanout", subject, "4,000 viewers", [Measured({"last_ms": last_ms}, shares)])


def result(*rows: Row) -> Result:
    names = ("date", "commit", "cores", "processor", "memory", "kernel", "python", "postgresql")
    tools = ("uvloop", "uvicorn", "websockets", "asyncpg")
    return Result(dict.fromkeys((*names, *tools), "x"), 60.0, list(rows))


def test_figures_are_medians_of_their_rounds() -> None:
    row = Row("votes", "nexus", "1 voter", [Measured({"acked_rate": value}) for value in (1.0, 9.0, 2.0)])
    assert row.medians == {"acked_rate": 2.0}


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = result(fanout("nexus", 40.0), Row("votes", "ws", "1 voter", failures=["no"]))
    save(written, tmp_path / "result.json")
    assert load(tmp_path / "result.json") == written


@pytest.mark.parametrize(("last_ms", "verdict"), [(11.9, "beyond the moonshot"), (15.9, "met"), (16.1, "**not met**")])
def test_a_bound_follows_the_floor_of_its_run(last_ms: float, verdict: str) -> None:
    first = bounds(result(fanout("nexus", last_ms), fanout("floor", 10.0)))[0]
    assert (first.bound, first.verdict) == (16.0, verdict)


def test_what_was_not_measured_has_no_row() -> None:
    table = bounds_table(result(fanout("nexus", 12.0), fanout("floor", 10.0)))
    assert "4,000 screens" in table
    assert "joins" not in table


def test_an_absolute_bound_stands_beside_what_it_is_worth_here() -> None:
    floor = Row("fanout", "floor", "4,000 viewers", [Measured({"cpu_a_viewer_and_frame_us": 6.3})])
    joins = Row("joins", "nexus", "3,000 joins", [Measured({"joins_rate": 2000.0})])
    (found,) = (bound for bound in bounds(result(floor, joins)) if bound.what.startswith("joins"))
    assert (found.bound, found.scaled, found.verdict) == (1300.0, 2600.0, "met")


def test_a_move_is_to_send_no_more_statements_for_many_followers_than_for_one() -> None:
    def counted(followers: str, statements: float) -> Row:
        load = f"statements of a move, followers: {followers}"
        return Row("move", "nexus", load, [Measured({"statements": statements})])

    for many, verdict in ((26.0, "met"), (27.0, "**not met**")):
        found = bounds(result(counted("1", 26.0), counted("300", 26.0), counted("5,000", many)))
        assert [bound.verdict for bound in found if bound.what.startswith("statements")] == [verdict]


def test_a_generator_that_was_the_limit_is_named() -> None:
    assert fanout("nexus", 12.0, generator=0.9).generator_was_the_limit
    assert not fanout("nexus", 12.0).generator_was_the_limit


def test_tables_are_put_between_their_comments() -> None:
    text = "a\n<!-- bench: bounds -->\nold\n<!-- bench: end -->\nb <!-- bench: end -->"
    written = put(text, result(fanout("nexus", 12.0), fanout("floor", 10.0)))
    assert written.startswith("a\n<!-- bench: bounds -->\n\n| ")
    assert written.endswith("|\n\n<!-- bench: end -->\nb <!-- bench: end -->")
    assert "old" not in written


def run(scenario: str, arguments: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", f"bench.scenarios.{scenario}", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=RUN_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed" not in done.stdout


@pytest.mark.skipif(os.environ.get("NEXUS_CI") != "1", reason="slow: NEXUS_CI=1 runs it")
@pytest.mark.parametrize("scenario", QUICK)
def test_a_quick_scenario_runs(scenario: str) -> None:
    run(scenario, QUICK[scenario])


@pytest.mark.skipif(not os.environ.get("NEXUS_SOAK"), reason="very slow: NEXUS_SOAK=1 runs it")
@pytest.mark.parametrize("scenario", SLOW)
def test_a_slow_scenario_runs(scenario: str) -> None:
    run(scenario, SLOW[scenario])
