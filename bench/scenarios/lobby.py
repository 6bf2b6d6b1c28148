"""What a socket that waits for a poll costs, and how soon all of them know that it has opened.

    scripts/bench lobby [--first 1000] [--waiting 5000] [--rounds 1]

The resident memory of the server between the first 1,000 who wait for a draft and all 5,000, divided by those in
between; then the draft is opened over HTTP, and the time counts from that request until the last one has its `ready`.
"""

from __future__ import annotations

import sys
import threading
import time
from functools import partial

from bench.generator.crowd import Crowd, Stamps
from bench.generator.nexus_dialect import WaitingDialect
from bench.machine import resident_bytes
from bench.result import Measured
from bench.runner import Case
from bench.scenarios.alone import arguments, run
from bench.server import as_host, make_poll, serving

ENTER_S = 120.0
SETTLE_S = 2.5
READY_S = 20.0


def measure(first: int, waiting: int) -> Measured:
    """Let everyone wait, and open the poll."""
    with serving() as running:
        poll = make_poll(running, status="draft")
        crowd = Crowd(running.port, WaitingDialect(f"127.0.0.1:{running.port}", poll.code))
        crowd.enter(first, ENTER_S)
        crowd.watch(SETTLE_S)
        before = resident_bytes(running.process.pid)
        crowd.enter(waiting - first, ENTER_S)
        crowd.watch(SETTLE_S)
        after = resident_bytes(running.process.pid)
        crowd.stamps = stamps = Stamps()
        opened = time.perf_counter()
        host = threading.Thread(target=as_host, args=(running, f"/polls/{poll.id}/open/", {}))
        host.start()
        while len(stamps.times) < waiting:
            crowd.turn(0.05)
            if crowd.lost or time.perf_counter() - opened > READY_S:
                raise RuntimeError(f"{len(stamps.times)} of {waiting} were told, {crowd.lost} lost")
        host.join()
        crowd.close()
    figures = {"one_kib": (after - before) / (waiting - first) / 1024, "in_all_mb": after / 1e6}
    return Measured(
        figures | {"first_ms": (min(stamps.times) - opened) * 1000, "last_ms": (max(stamps.times) - opened) * 1000}
    )


def cases(first: int, waiting: int) -> list[Case]:
    """The one case."""
    return [Case("lobby", "nexus", f"{waiting:,} wait", partial(measure, first, waiting))]


def main() -> int:
    """Measure, and print what was seen."""
    parser = arguments("lobby", __doc__)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--waiting", type=int, default=5000)
    given = parser.parse_args()
    return run(cases(given.first, given.waiting), given)


if __name__ == "__main__":
    sys.exit(main())
