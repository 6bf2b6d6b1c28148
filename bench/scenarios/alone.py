"""A scenario that runs alone: the arguments that all have, and its table."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from bench import runner
from bench.machine import facts
from bench.report import table
from bench.runner import Case
from bench.subjects import Subject


def arguments(name: str, about: str | None, subjects: Sequence[Subject]) -> argparse.ArgumentParser:
    """The arguments that all scenarios have."""
    parser = argparse.ArgumentParser(prog=f"scripts/bench {name}", description=(about or "").split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--json", type=Path, help="a file for the result, with every round")
    names = ",".join(subject.name for subject in subjects)
    parser.add_argument("--subjects", default=names, help=f"some of {names}")
    return parser


def chosen(subjects: Sequence[Subject], given: argparse.Namespace) -> list[Subject]:
    """The subjects that were asked for."""
    return [subject for subject in subjects if subject.name in given.subjects.split(",")]


def run(cases: Sequence[Case], rounds: int, saved: Path | None) -> int:
    """Run the cases and print the table; returns the exit status."""
    known = facts()
    rows = runner.run(cases, rounds, known, saved)
    print(table(rows, known))
    return 1 if any(row.failures for row in rows) else 0
