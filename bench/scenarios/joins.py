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

import asyncpg

from bench.generator.crowd import Crowd
from bench.generator.dialect import Dialect
from bench.generator.nexus_dialect import HotPoll, SocketDialect
from bench.runner import Case, Measured
from bench.scenarios.alone import arguments, chosen, run
from bench.server import make_poll, serving
from bench.subjects import BROADCAST, FIRST_USER, Floor, Subject, Target, tokens

ENTER_S = 120.0
SETTLE_S = 1.0

FILL = """
WITH ballots AS (
    INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at)
    SELECT $1, 1, 'user:' || n, '00000000-0000-0000-0000-000000000000', gen_random_uuid(), ARRAY[$2::bigint],
           clock_timestamp()
    FROM generate_series($3::integer, $3::integer + $4::integer - 1) n
    RETURNING poll_id, voter, op, choices, cast_at
), acts AS (
    INSERT INTO acts (poll_id, voter, op, act, choices, outcome, epoch, version, at)
    SELECT poll_id, voter, op, 'vote', choices, 'recorded', 1, 2, cast_at FROM ballots
), counted AS (
    UPDATE options SET votes_count = votes_count + $4::integer WHERE id = $2
)
UPDATE polls SET voters = voters + $4::integer, ballots = ballots + $4::integer, version = version + 1 WHERE id = $1
"""
"""Ballots of users for one option, past the service: $1 the poll, $2 the option, $3 the first user, $4 how many."""


async def fill(url: str, poll: HotPoll, voters: int) -> None:
    """A ballot that stands for each of the first `voters` clients."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(FILL, poll.id, poll.options[0], FIRST_USER, voters)
        await connection.execute("VACUUM ANALYZE votes, acts")
    finally:
        await connection.close()


@dataclass(frozen=True)
class NexusWithBallots:
    """Nexus, where each of the first `voters` clients has a ballot that stands."""

    voters: int
    name: str = "nexus"

    @contextmanager
    def running(self) -> Iterator[Target]:
        with serving() as running:
            poll = make_poll(running)
            asyncio.run(fill(running.database_url, poll, self.voters))

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
    return run(cases(chosen(SUBJECTS, given), given.joins, given.in_flight), given.rounds, given.json)


if __name__ == "__main__":
    sys.exit(main())
