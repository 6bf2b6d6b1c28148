"""Runs cases, each in a process of its own, and makes medians of their rounds."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from bench.generator.crowd import settle_heap
from bench.machine import facts, note
from bench.result import Measured, Result, Row, save


@dataclass(frozen=True)
class Case:
    """One thing to measure: a subject under a load."""

    scenario: str
    subject: str
    load: str
    run: Callable[[], Measured]
    rounds: int | None = None
    """How often at most; None: as often as the others."""

    @property
    def name(self) -> str:
        return f"{self.scenario}: {self.subject}, {self.load}"


def _child(case: Case, answer: Connection) -> None:
    settle_heap()
    try:
        answer.send(case.run())
    except Exception as error:  # noqa: BLE001 - the report says it, and the other cases go on
        answer.send(f"{type(error).__name__}: {error}")


def measure(case: Case) -> Measured | str:
    """Run a case in a new process, so that nothing of an earlier one is there; a text says why it failed."""
    processes = multiprocessing.get_context("fork")
    ours, theirs = processes.Pipe()
    child = processes.Process(target=_child, args=(case, theirs))
    child.start()
    theirs.close()
    try:
        measured: Measured | str = ours.recv()
    except EOFError:
        measured = "the generator's process ended"
    child.join()
    return measured


def run(cases: Sequence[Case], rounds: int, saved: Path | None = None) -> Result:
    """Run all cases `rounds` times, in turn, so that a slow minute of the machine meets every subject.

    With `saved`, write everything as JSON there after each round.
    """
    began, known = time.monotonic(), facts()
    rows = {case.name: Row(case.scenario, case.subject, case.load) for case in cases}
    for number in range(1, rounds + 1):
        due = [case for case in cases if case.rounds is None or number <= case.rounds]
        for at, case in enumerate(due, 1):
            note(f"{time.monotonic() - began:4.0f} s, round {number} of {rounds}, {at} of {len(due)}: {case.name}")
            measured = measure(case)
            if isinstance(measured, str):
                note(f"failed: {measured}")
                rows[case.name].failures.append(measured)
            else:
                rows[case.name].rounds.append(measured)
        if saved is not None:
            save(Result(known, time.monotonic() - began, list(rows.values())), saved)
    return Result(known, time.monotonic() - began, list(rows.values()))
