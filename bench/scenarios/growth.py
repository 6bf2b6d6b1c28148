"""Votes while the tables grow: 1,000 voters of one hot poll with no ballots, a million and ten million in the tables.

    scripts/bench growth [--ballots 0 1000000 10000000] [--voters 1000] [--seconds 4] [--times 2]

Half of the ballots lie in the hot poll itself, half in 1,000 others. The server rests while they are put there. With
each number votes are measured `--times` times, and the median counts.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Sequence
from functools import partial

from bench.filling import checkpoint, fill_many
from bench.generator.nexus_dialect import SocketDialect
from bench.machine import note
from bench.result import Measured
from bench.runner import Case
from bench.scenarios.alone import arguments, run
from bench.scenarios.votes import drive
from bench.server import make_poll, serving
from bench.subjects import Target, tokens


def measure(ballots: Sequence[int], voters: int, seconds: float, times: int) -> Measured:
    """All numbers of ballots, one after the other, on one database."""
    figures = {}
    with serving() as running:
        poll = make_poll(running)
        dialect = SocketDialect(f"127.0.0.1:{running.port}", [poll], tokens(running, voters))
        target = Target("nexus", running.port, running.process.pid, running.postgres_pid, lambda _: dialect)
        there = 0
        for many in ballots:
            if many > there:
                note(f"putting {many - there:,} ballots there")
                asyncio.run(fill_many(running.database_url, poll, there, many))
                there = many
            asyncio.run(checkpoint(running.database_url))
            found = [drive(target, voters, seconds, None).figures for _ in range(times)]
            for name in ("acked_rate", "ack_p99_ms"):
                figures[f"with_{many}_{name}"] = statistics.median(one[name] for one in found)
    first, last = (figures[f"with_{many}_acked_rate"] for many in (ballots[0], ballots[-1]))
    return Measured(figures | {"last_of_first_share": last / first})


def cases(ballots: Sequence[int], voters: int, seconds: float, times: int) -> list[Case]:
    """One case, once: its baseline is its own beginning."""
    load = f"{voters:,} voters, {ballots[0]:,} to {ballots[-1]:,} ballots"
    return [Case("growth", "nexus", load, partial(measure, ballots, voters, seconds, times), rounds=1)]


def main() -> int:
    """Measure, and print what was seen."""
    parser = arguments("growth", __doc__)
    parser.add_argument("--ballots", type=int, nargs="+", default=[0, 1_000_000, 10_000_000])
    parser.add_argument("--voters", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--times", type=int, default=2)
    given = parser.parse_args()
    return run(cases(given.ballots, given.voters, given.seconds, given.times), given)


if __name__ == "__main__":
    sys.exit(main())
