"""How many people a second come in: connection, handshake, hello, and a join whose answer holds their own ballots.

    scripts/bench joins [--joins 3000] [--in-flight 50] [--subjects nexus,floor,websockets.broadcast] [--rounds 1]

So many come at a time that the server always has work; each stays when it is in.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bench.filling import fill_own
from bench.generator.crowd import Crowd
from bench.generator.dialect import Dialect
from bench.generator.nexus_dialect import SocketDialect
from bench.result import Measured
from bench.runner import Case
from bench.scenarios.alone import arguments, chosen, run
from bench.server import make_poll, serving
from bench.subjects import BROADCAST, FIRST_USER, Floor, Subject, Target, tokens

ENTER_S = 120.0
SETTLE_S = 1.0


@dataclass(frozen=True)
class NexusWithBallots:
    """Nexus, where each of the first `voters` clients has a ballot that stands."""

    voters: int
    name: str = "nexus"

    @contextmanager
    def running(self) -> Iterator[Target]:
        with serving() as running:
            poll = make_poll(running)
            asyncio.run(fill_own(running.database_url, poll, FIRST_USER, self.voters))

            def dialect(count: int) -> Dialect:
                return SocketDialect(f"127.0.0.1:{running.port}", [poll], tokens(running, count))

            yield Target(self.name, running.port, running.process.pid, running.postgres_pid, dialect)


SUBJECTS: tuple[Subject, ...] = (NexusWithBallots(20_000), Floor(), BROADCAST)


def measure(subject: Subject, joins: int, in_flight: int) -> Measured:
    """Let everyone in, on a server of its own."""
    with subject.running() as target:
        crowd = Crowd(target.port, target.dialect(joins))
        crowd.watch(SETTLE_S)
        meter = target.meter()
        seconds = crowd.enter(joins, ENTER_S, in_flight=in_flight)
        shares = meter.read()
        crowd.close()
    figures = {"joins_rate": joins / seconds, "server_cpu_a_join_us": shares.server * seconds / joins * 1e6}
    return Measured(figures, shares)


def cases(subjects: Sequence[Subject], joins: int, in_flight: int) -> list[Case]:
    """A case for each subject."""
    load = f"{joins:,} joins, {in_flight} at a time"
    return [Case("joins", one.name, load, partial(measure, one, joins, in_flight)) for one in subjects]


def main() -> int:
    """Measure, and print what was seen."""
    parser = arguments("joins", __doc__, SUBJECTS)
    parser.add_argument("--joins", type=int, default=3000)
    parser.add_argument("--in-flight", type=int, default=50)
    given = parser.parse_args()
    return run(cases(chosen(SUBJECTS, given), given.joins, given.in_flight), given)


if __name__ == "__main__":
    sys.exit(main())
