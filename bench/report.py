"""Tables of results for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.runner import Row


def figure(name: str, value: float) -> str:
    """A figure with its unit, which is the end of its name."""
    name, _, unit = name.rpartition("_")
    said = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    words = {"rate": "/s", "ms": " ms", "us": " µs", "s": " s", "kib": " KiB", "mb": " MB"}
    return f"{name.replace('_', ' ')} {said}{words.get(unit, ' ' + unit)}"


def table(rows: Sequence[Row], known: Mapping[str, str]) -> str:
    """One line a row: its medians, and who used the processors in the last round."""
    lines = [", ".join(f"{name} {value}" for name, value in known.items()), ""]
    scenario = ""
    for row in rows:
        if row.scenario != scenario:
            scenario = row.scenario
            lines += ["", scenario]
        figures = "; ".join(figure(name, value) for name, value in row.medians.items())
        lines.append(f"  {row.subject}, {row.load}: {figures}")
        if row.rounds and (shares := row.rounds[-1].shares) is not None:
            lines.append(f"      {shares.text()}")
        lines += [f"      failed: {one}" for one in row.failures]
    return "\n".join(lines)
