"""Runs cases, each in a process of its own, and makes medians of their rounds."""

from __future__ import annotations

import json
import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from bench.generator.crowd import settle_heap
from bench.machine import Shares, note


@dataclass(frozen=True)
class Measured:
    """What one case gave: figures by name, their unit at the name's end, and who used the processors."""

    figures: dict[str, float]
    shares: Shares | None = None


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


@dataclass
class Row:
    """A case with all its rounds."""

    scenario: str
    subject: str
    load: str
    rounds: list[Measured] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def medians(self) -> dict[str, float]:
        """Of each figure over the rounds."""
        names = self.rounds[0].figures if self.rounds else {}
        return {name: statistics.median(one.figures[name] for one in self.rounds) for name in names}


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


def run(cases: Sequence[Case], rounds: int, known: dict[str, str], saved: Path | None = None) -> list[Row]:
    """Run all cases `rounds` times, in turn, so that a slow minute of the machine meets every subject.

    With `saved`, write everything as JSON there after each round.
    """
    began = time.monotonic()
    rows = {case.name: Row(case.scenario, case.subject, case.load) for case in cases}
    for number in range(1, rounds + 1):
        for at, case in enumerate(cases, 1):
            if case.rounds is not None and number > case.rounds:
                continue
            note(f"{time.monotonic() - began:4.0f} s, round {number} of {rounds}, {at} of {len(cases)}: {case.name}")
            measured = measure(case)
            if isinstance(measured, str):
                note(f"failed: {measured}")
                rows[case.name].failures.append(measured)
            else:
                rows[case.name].rounds.append(measured)
        if saved is not None:
            saved.write_text(json.dumps(document(list(rows.values()), known, time.monotonic() - began), indent=1))
    return list(rows.values())


def document(rows: Sequence[Row], known: dict[str, str], seconds: float) -> dict[str, object]:
    """What is written as JSON: the machine, the seconds it took, and every row with its medians and rounds."""
    return {
        "machine": known,
        "seconds": round(seconds),
        "rows": [{**asdict(row), "medians": row.medians} for row in rows],
    }
