"""The whole suite: every scenario in several rounds, in turn with its baselines, and the tables and JSON of it.

    scripts/bench suite [--quick] [--only votes,fanout] [--rounds 3] [--no-peers] [--json bench-result.json]

The full run takes about 18 minutes on two cores; `--quick` runs what the bounds are about, once: about six. The
figures that the bounds are about are measured in every round, the others in the first. `scripts/bench report` makes the
tables of docs/benchmarks.md from the JSON.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from bench import runner
from bench.markdown import bounds_table
from bench.runner import Case
from bench.scenarios import fanout, growth, joins, lobby, memory, mixed, move, stampede, start, votes
from bench.scenarios.alone import installed_peers
from bench.subjects import Subject
from bench.words import table

SCENARIOS = ("votes", "fanout", "mixed", "joins", "stampede", "memory", "lobby", "move", "growth", "start")
VOTE_S = 4.0
MIXED_S = 6.0
SCREEN_VOTES = 10
MOVES = 2
MOVE_S = 5.0
HALF_LOAD = 5000.0


def once(cases: list[Case]) -> list[Case]:
    """The same cases, in the first round alone."""
    return [replace(case, rounds=1) for case in cases]


def every_round() -> list[Case]:
    """What the bounds are about."""
    return [
        *votes.baselines(VOTE_S),
        *votes.cases([1000, 200, 10_000], ["hot"], VOTE_S, 0),
        *votes.cases([1000], ["spread"], VOTE_S, 0),
        *votes.cases([1000], ["offered"], VOTE_S, HALF_LOAD),
        *fanout.cases(fanout.SUBJECTS, [4000], SCREEN_VOTES),
        *mixed.cases([(5000, 500), (10_000, 500)], MIXED_S),
        *joins.cases(joins.SUBJECTS, 3000, 50),
        *stampede.cases(5000, 3.0, 100),
        *move.timed(5000, MOVES, MOVE_S, [1, 2]),
        *once(move.counted(5000)),
        *once(memory.cases(memory.SUBJECTS, 1000, 5000)),
    ]


def first_round() -> list[Case]:
    """What shows the rest of the picture."""
    return once(
        [
            *votes.cases([1, 100], ["hot"], VOTE_S, 0),
            *votes.cases([1000], ["first"], VOTE_S, 0),
            *votes.cases([100], ["http"], VOTE_S, 0),
            *fanout.cases(fanout.SUBJECTS, [10_000], SCREEN_VOTES),
            *fanout.cases(fanout.SUBJECTS[:1], [1000, 5000], SCREEN_VOTES),
            *lobby.cases(1000, 5000),
            *growth.cases([0, 1_000_000, 10_000_000], 1000, VOTE_S, 2),
            *start.cases(scripts=True),
        ]
    )


def beside(peers: list[Subject]) -> list[Case]:
    """The peers, once."""
    return once(
        [
            *votes.peer_cases(peers, [200, 1000], VOTE_S),
            *fanout.cases(peers, [4000], SCREEN_VOTES),
            *joins.cases(peers, 3000, 50),
            *memory.cases(peers, 1000, 5000),
        ]
    )


def plan(only: list[str], *, quick: bool, peers: bool) -> list[Case]:
    """The cases, in the order of the scenarios."""
    cases = every_round()
    if not quick:
        cases += first_round()
        cases += beside(installed_peers()) if peers else []
    return [case for name in SCENARIOS if name in only for case in cases if case.scenario == name]


def main() -> int:
    """Measure, print the tables, and write the JSON."""
    parser = argparse.ArgumentParser(prog="scripts/bench suite", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="what the bounds are about, once: a few minutes")
    parser.add_argument("--only", default=",".join(SCENARIOS), help=f"some of {','.join(SCENARIOS)}")
    parser.add_argument("--rounds", type=int, help="3, or 1 with --quick")
    parser.add_argument("--no-peers", action="store_true", help="without installing and measuring other servers")
    parser.add_argument("--json", type=Path, default=Path("bench-result.json"))
    given = parser.parse_args()
    only = given.only.split(",")
    if unknown := sorted(set(only) - set(SCENARIOS)):
        parser.error(f"--only: no scenario {', '.join(unknown)}; there are {', '.join(SCENARIOS)}")
    cases = plan(only, quick=given.quick, peers=not given.no_peers)
    if not cases:
        parser.error(f"nothing of {given.only} is part of the quick run")
    result = runner.run(cases, given.rounds or (1 if given.quick else 3), given.json)
    print(table(result), bounds_table(result), f"{result.seconds:.0f} s; written to {given.json}", sep="\n\n")
    return 1 if any(row.failures for row in result.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
