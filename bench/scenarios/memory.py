"""What a joined viewer costs the server in memory.

    scripts/bench memory [--first 1000] [--viewers 5000] [--subjects nexus,…] [--rounds 1]

The resident memory of the server between the first 1,000 viewers and all 5,000, divided by those in between, each time
once it has stopped growing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

from bench.generator.crowd import Crowd
from bench.machine import resident_bytes
from bench.result import Measured
from bench.runner import Case
from bench.scenarios.alone import arguments, chosen, run
from bench.subjects import BROADCAST, Floor, Nexus, Subject

ENTER_S = 120.0
SETTLE_S = 2.5

SUBJECTS: tuple[Subject, ...] = (Nexus(), Nexus(guests=True, name="nexus-guests"), Floor(), BROADCAST)


def measure(subject: Subject, first: int, viewers: int) -> Measured:
    """Let everyone in, on a server of its own."""
    with subject.running() as target:
        crowd = Crowd(target.port, target.dialect(viewers))
        crowd.enter(first, ENTER_S)
        crowd.watch(SETTLE_S)
        before = resident_bytes(target.pid)
        crowd.enter(viewers - first, ENTER_S)
        crowd.watch(SETTLE_S)
        after = resident_bytes(target.pid)
        crowd.close()
    return Measured({"a_viewer_kib": (after - before) / (viewers - first) / 1024, "in_all_mb": after / 1e6})


def cases(subjects: Sequence[Subject], first: int, viewers: int) -> list[Case]:
    """A case for each subject."""
    return [
        Case("memory", one.name, f"{first:,} to {viewers:,} viewers", partial(measure, one, first, viewers))
        for one in subjects
    ]


def main() -> int:
    """Measure, and print what was seen."""
    parser = arguments("memory", __doc__, SUBJECTS)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--viewers", type=int, default=5000)
    given = parser.parse_args()
    return run(cases(chosen(SUBJECTS, given), given.first, given.viewers), given)


if __name__ == "__main__":
    sys.exit(main())
