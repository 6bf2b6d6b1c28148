"""Tables in Markdown, for documents."""

from __future__ import annotations

from collections.abc import Sequence

from bench.bounds import HOT, bounds
from bench.result import Result
from bench.words import figure, quantity

SIDE_BY_SIDE = (
    ("acked votes, 200 voters = viewers", "votes", f"200 voters, {HOT}", "acked_rate"),
    ("acked votes, 1,000 voters = viewers", "votes", f"1,000 voters, {HOT}", "acked_rate"),
    ("the same, ack p99", "votes", f"1,000 voters, {HOT}", "ack_p99_ms"),
    ("one vote, first of 4,000 screens", "fanout", "4,000 viewers", "first_ms"),
    ("one vote, last of 4,000 screens", "fanout", "4,000 viewers", "last_ms"),
    ("CPU a viewer and frame", "fanout", "4,000 viewers", "cpu_a_viewer_and_frame_us"),
    ("joins", "joins", "", "joins_rate"),
    ("memory a joined viewer", "memory", "", "a_viewer_kib"),
)
"""What every subject can be asked: words, scenario, load, figure."""

SHORT = (
    (
        "acknowledged votes, 1,000 voters of one poll who all watch",
        "votes",
        f"1,000 voters, {HOT}",
        "acked_rate",
    ),
    ("the same, 200 voters", "votes", f"200 voters, {HOT}", "acked_rate"),
    ("one vote on an idle server, last of 4,000 screens", "fanout", "4,000 viewers", "last_ms"),
    ("cast to screen p95, 5,000 viewers and 500 votes a second", "mixed", "5,000 viewers", "screen_p95_ms"),
    ("people who come in", "joins", "", "joins_rate"),
    ("memory a viewer", "memory", "", "a_viewer_kib"),
)
"""The README's rows."""


def rows(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def bounds_table(result: Result) -> str:
    """Every bound of what was measured, and whether it was reached."""
    head = ["", "Nexus", "floor", "ws", "bound", "moonshot", "bound at this machine's speed", ""]
    return rows(head, [bound.cells() for bound in bounds(result) if bound.value is not None])


def side_by_side(result: Result) -> str:
    """Nexus, the floors and the peers."""
    subjects = [one for one in result.subjects(["fanout", "votes"]) if one not in ("pgbench", "batch alone")]
    body = []
    for words, scenario, load, name in SIDE_BY_SIDE:
        found = [result.value(scenario, subject, load, name) for subject in subjects]
        body.append([words, *("–" if value is None else quantity(name, value) for value in found)])
    return rows(["", *subjects], body)


def everything(result: Result) -> str:
    """Every row with its medians and the shares of the processors."""
    body = []
    for row in result.rows:
        shares = row.rounds[-1].shares if row.rounds else None
        used = [shares.server, shares.postgres, shares.generator, shares.idle] if shares else []
        figures = "; ".join(figure(name, value) for name, value in row.medians.items())
        limit = " **the generator was the limit**" if row.generator_was_the_limit else ""
        failed = "".join(f" failed: {one}" for one in row.failures)
        body.append(
            [row.scenario, row.subject, row.load, figures + limit + failed, " / ".join(f"{one:.0%}" for one in used)]
        )
    return rows(["scenario", "subject", "load", "medians", "server / PostgreSQL / generator / machine idle"], body)


def short(result: Result) -> str:
    """The README's table."""
    body = []
    for words, scenario, load, name in SHORT:
        value = result.value(scenario, "nexus", load, name)
        body.append([words, "–" if value is None else quantity(name, value)])
    return rows(["", "Nexus"], body)


def machine(result: Result) -> str:
    """The facts, in a sentence."""
    known = result.machine
    tools = ", ".join(f"{name} {known[name]}" for name in ("uvloop", "uvicorn", "websockets", "asyncpg"))
    return (
        f"{known['date']}, commit `{known['commit']}`: {known['cores']} cores ({known['processor']}), "
        f"{known['memory']} of memory, Linux {known['kernel']}, Python {known['python']}, PostgreSQL "
        f"{known['postgresql']}, {tools}; {result.seconds / 60:.0f} minutes in all."
    )
