"""Results in words: a line for each row."""

from __future__ import annotations

from bench.result import Result, Row

_UNITS = {"rate": "/s", "ms": " ms", "us": " µs", "s": " s", "kib": " KiB", "mb": " MB"}


def number(value: float) -> str:
    """Three digits, more or less."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def quantity(name: str, value: float) -> str:
    """A figure with its unit, which is the end of its name."""
    return number(value) + _UNITS.get(name.rpartition("_")[2], "")


def figure(name: str, value: float) -> str:
    """The same after its name."""
    words, _, unit = name.rpartition("_")
    return f"{(words if unit in _UNITS else name).replace('_', ' ')} {quantity(name, value)}"


def line(row: Row) -> str:
    """A row: its medians, and who used the processors in the last round."""
    said = f"  {row.subject}, {row.load}: " + "; ".join(figure(name, value) for name, value in row.medians.items())
    if row.rounds and (shares := row.rounds[-1].shares) is not None:
        said += f"\n      {shares.text()}"
    return said + "".join(f"\n      failed: {one}" for one in row.failures)


def table(result: Result) -> str:
    """All rows, by scenario."""
    lines = [", ".join(f"{name} {value}" for name, value in result.machine.items())]
    for scenario in dict.fromkeys(row.scenario for row in result.rows):
        lines += ["", scenario, *(line(row) for row in result.rows if row.scenario == scenario)]
    return "\n".join(lines)
