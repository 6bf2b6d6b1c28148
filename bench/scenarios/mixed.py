"""From the casting of a vote to every screen, while many vote and many watch.

    scripts/bench mixed [--viewers 5000] [--rate 500] [--seconds 8] [--rounds 1]

Votes come at a steady rate from random viewers of one poll. A vote has reached a screen when that viewer has read
totals of at least the version of its ack. Every viewer counts; where votes times viewers would be more than a few
million, evenly chosen votes stand for all.
"""

from __future__ import annotations

import statistics
import sys
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from functools import partial

from bench.generator.casting import Offered
from bench.generator.crowd import Casts, Crowd, Stamps
from bench.generator.dialect import Kind
from bench.result import Measured
from bench.runner import Case
from bench.scenarios.alone import arguments, run
from bench.subjects import Nexus

ENTER_S = 120.0
WARM_UP_S = 2.0
ARRIVE_S = 3.0
MOST_PAIRS = 2_000_000
"""Of a vote and a screen that are looked at."""


def delays(casts: Casts, stamps: Stamps, viewers: int) -> tuple[array[float], int]:
    """Seconds from a vote to a screen, for pairs of them, sorted; and how many pairs there would have been besides."""
    step = max(1, len(casts.cast) * viewers // MOST_PAIRS)
    chosen = sorted(zip(casts.versions, casts.cast, strict=True))[::step]
    versions, times = [one[0] for one in chosen], [one[1] for one in chosen]
    seen = [0] * viewers  # how many of the chosen votes each viewer has been shown
    found = array("d")
    known: dict[int, int] = {}
    for client, version, at in zip(stamps.clients, stamps.versions, stamps.times, strict=True):
        upto = known.get(version)
        if upto is None:
            upto = known[version] = bisect_right(versions, version)
        before = seen[client]
        if upto > before:
            seen[client] = upto
            found.extend([at - cast for cast in times[before:upto]])
    missing = len(versions) * viewers - len(found)
    return array("d", sorted(found)), missing


def measure(viewers: int, rate: float, seconds: float) -> Measured:
    """One run on a server of its own."""
    with Nexus().running() as target:
        crowd = Crowd(target.port, target.dialect(viewers))
        crowd.enter(viewers, ENTER_S)
        offered = Offered(crowd, viewers, rate)
        offered.run(WARM_UP_S)
        crowd.casts, crowd.stamps = Casts(), Stamps()
        meter = target.meter()
        offered.run(seconds)
        shares, frames = meter.read(), len(crowd.stamps.times)
        crowd.watch(ARRIVE_S)
        if crowd.heard[Kind.REFUSED] or crowd.lost:
            raise RuntimeError(f"votes were refused, or clients lost ({crowd.lost}): {dict(crowd.errors)}")
        crowd.close()
    found, missing = delays(crowd.casts, crowd.stamps, viewers)
    acks = statistics.quantiles(crowd.casts.latencies, n=100)
    figures = {f"screen_p{share}_ms": found[len(found) * share // 100] * 1000 for share in (50, 95, 99)}
    figures |= {
        "ack_p50_ms": acks[49] * 1000,
        "ack_p99_ms": acks[98] * 1000,
        "acked_rate": len(crowd.casts.acked) / seconds,
        "passes_rate": frames / viewers / seconds,
        "never_arrived_pairs": float(missing),
    }
    return Measured(figures, shares)


def cases(loads: Sequence[tuple[int, float]], seconds: float) -> list[Case]:
    """A case for each pair of viewers and votes a second."""
    return [
        Case("mixed", "nexus", f"{many:,} viewers, {rate:,.0f} votes/s", partial(measure, many, rate, seconds))
        for many, rate in loads
    ]


def main() -> int:
    """Measure, and print what was seen."""
    parser = arguments("mixed", __doc__)
    parser.add_argument("--viewers", type=int, nargs="+", default=[5000])
    parser.add_argument("--rate", type=float, default=500, help="votes a second")
    parser.add_argument("--seconds", type=float, default=8)
    given = parser.parse_args()
    loads = [(many, given.rate) for many in given.viewers]
    return run(cases(loads, given.seconds), given)


if __name__ == "__main__":
    sys.exit(main())
