"""The results of a run: what is measured, written as JSON, and read again for the tables."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from bench.machine import Shares


@dataclass(frozen=True)
class Measured:
    """What one case gave: figures by name, their unit at the name's end, and who used the processors."""

    figures: dict[str, float]
    shares: Shares | None = None


@dataclass
class Row:
    """A subject under a load in one scenario, with all its rounds."""

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

    @property
    def generator_was_the_limit(self) -> bool:
        """In any round: then the figures are those of the generator."""
        return any(one.shares is not None and one.shares.generator_was_the_limit for one in self.rounds)


@dataclass(frozen=True)
class Result:
    """A whole run: the machine's facts, the seconds it took, and its rows."""

    machine: dict[str, str]
    seconds: float
    rows: list[Row]

    def row(self, scenario: str, subject: str, load: str) -> Row | None:
        """The first row of a scenario and subject whose load begins with `load`, None if it was not measured."""
        for row in self.rows:
            if (row.scenario, row.subject) == (scenario, subject) and row.load.startswith(load) and row.rounds:
                return row
        return None

    def value(self, scenario: str, subject: str, load: str, figure: str) -> float | None:
        """A median, None if it was not measured."""
        row = self.row(scenario, subject, load)
        return row.medians.get(figure) if row else None

    def subjects(self, scenarios: Sequence[str]) -> list[str]:
        """Every subject of these scenarios, in the order of their first rows."""
        return list(dict.fromkeys(row.subject for row in self.rows if row.scenario in scenarios))


def save(result: Result, path: Path) -> None:
    """Write a result as JSON; each row has its medians beside its rounds."""
    rows = [{**msgspec.to_builtins(row), "medians": row.medians} for row in result.rows]
    whole = {"machine": result.machine, "seconds": round(result.seconds), "rows": rows}
    path.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1))


def load(path: Path) -> Result:
    """Read what `save` has written."""
    return msgspec.json.decode(path.read_bytes(), type=Result)
