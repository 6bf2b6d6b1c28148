"""Acknowledged votes a second, every voter a viewer too.

    scripts/bench votes [--voters 1000 200] [--kind hot] [--seconds 5] [--rounds 1] [--no-baselines] [--peers]
    scripts/bench votes --kind offered --rate 5000

Beside it, on a PostgreSQL alike: `pgbench`, which commits one vote a transaction on 16 connections, and the batch
transaction alone (`bench.baselines.batch`). With `--peers` also other servers, each with a broadcast per vote.
Closed loop: each voter casts its next vote when the last one is acknowledged. Kinds:

- `hot`: all in the room of one poll, changing their votes there
- `spread`: over 100 polls, each voter in the room of its own
- `first`: all in the room of one poll, each vote the voter's first one in another poll
- `http`: over HTTP on connections that stay open, one poll, nobody in its room
- `offered`: as `hot`, but votes come at `--rate` whatever the answers; an ack counts from when its vote was due
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from functools import partial

from bench.baselines.batch import alone
from bench.baselines.pgbench import CONNECTIONS, pgbench
from bench.generator.casting import Closed, Offered
from bench.generator.crowd import Casts, Crowd
from bench.generator.dialect import Dialect, Kind
from bench.generator.nexus_dialect import HttpDialect, SocketDialect
from bench.machine import Meter
from bench.result import Measured
from bench.runner import Case
from bench.scenarios.alone import arguments, installed_peers, run
from bench.server import Running, make_poll, serving
from bench.subjects import Subject, Target, tokens

ENTER_S = 120.0
WARM_UP_S = 2.0
POLLS = 100
FIRST_POLLS = 600
BATCHES = (1000, 200)
KINDS = ("hot", "spread", "first", "http", "offered")


def dialect(running: Running, kind: str, voters: int) -> Dialect:
    """What the voters of a kind say to Nexus."""
    host, keys = f"127.0.0.1:{running.port}", tokens(running, voters)
    polls = [make_poll(running) for _ in range({"spread": POLLS, "first": FIRST_POLLS}.get(kind, 1))]
    if kind == "http":
        return HttpDialect(host, polls, keys)
    return SocketDialect(host, polls, keys, once=kind == "first")


def measure(kind: str, voters: int, seconds: float, rate: float) -> Measured:
    """One kind on a Nexus of its own."""
    with serving() as running:
        target = Target(
            "nexus", running.port, running.process.pid, running.postgres_pid, lambda n: dialect(running, kind, n)
        )
        return drive(target, voters, seconds, rate if kind == "offered" else None)


def measure_subject(subject: Subject, voters: int, seconds: float) -> Measured:
    """The hot poll of any subject."""
    with subject.running() as target:
        return drive(target, voters, seconds, None)


def one_a_transaction(seconds: float) -> Measured:
    """The same rows by pgbench."""
    with serving() as running:
        return Measured({"acked_rate": pgbench(running.database_url, make_poll(running), int(seconds))})


def batches_alone(batch: int, seconds: float) -> Measured:
    """The transaction of a batch, again and again."""
    with serving() as running:
        meter = Meter(running.process.pid, running.postgres_pid)
        rate = alone(running.database_url, make_poll(running), batch, seconds)
        return Measured({"acked_rate": rate}, meter.read())


def drive(target: Target, voters: int, seconds: float, rate: float | None) -> Measured:
    """Let everyone enter and vote: at `rate`, or as fast as they are acknowledged."""
    crowd = Crowd(target.port, target.dialect(voters))
    crowd.enter(voters, ENTER_S)
    casting = Closed(crowd, voters) if rate is None else Offered(crowd, voters, rate)
    casting.run(WARM_UP_S)
    crowd.casts = Casts()
    meter, frames = target.meter(), crowd.totals
    took = casting.run(seconds)
    shares, casts, frames = meter.read(), crowd.casts, crowd.totals - frames
    if crowd.heard[Kind.REFUSED] or crowd.lost:
        raise RuntimeError(f"votes were refused, or clients lost ({crowd.lost}): {dict(crowd.errors)}")
    crowd.close()
    if len(casts.acked) < 2:
        raise RuntimeError("hardly a vote was acknowledged")
    cuts = statistics.quantiles(casts.latencies, n=100)
    figures = {
        "acked_rate": len(casts.acked) / took,
        "ack_p50_ms": cuts[49] * 1000,
        "ack_p99_ms": cuts[98] * 1000,
        "frames_rate": frames / took,
        "server_cpu_a_vote_us": shares.server * took / len(casts.acked) * 1e6,
    }
    return Measured(figures, shares)


def baselines(seconds: float) -> list[Case]:
    """What PostgreSQL does without a server."""
    return [
        Case(
            "votes",
            "pgbench",
            f"{CONNECTIONS} connections, one vote a transaction",
            partial(one_a_transaction, seconds),
        ),
        *(Case("votes", "batch alone", f"{many:,} ballots", partial(batches_alone, many, seconds)) for many in BATCHES),
    ]


def cases(voters: Sequence[int], kinds: Sequence[str], seconds: float, rate: float) -> list[Case]:
    """A case for each kind and number of voters."""
    return [
        Case("votes", "nexus", load(kind, many, rate), partial(measure, kind, many, seconds, rate))
        for kind in kinds
        for many in voters
    ]


def peer_cases(peers: Sequence[Subject], voters: Sequence[int], seconds: float) -> list[Case]:
    """The hot poll of the peers, once."""
    return [
        Case("votes", peer.name, load("hot", many, 0), partial(measure_subject, peer, many, seconds), rounds=1)
        for peer in peers
        for many in voters
    ]


def load(kind: str, voters: int, rate: float) -> str:
    """How the tables name a load."""
    words = {
        "hot": "one hot poll, changes",
        "spread": f"{POLLS} polls, changes",
        "first": "first votes",
        "http": "one hot poll, changes, over HTTP",
        "offered": f"one hot poll, {rate:,.0f} votes/s offered",
    }
    return f"{voters:,} voters, {words[kind]}"


def main() -> int:
    """Measure, and print what was seen."""
    parser = arguments("votes", __doc__, peers=True)
    parser.add_argument("--voters", type=int, nargs="+", default=[1000, 200])
    parser.add_argument("--kind", choices=KINDS, nargs="+", default=["hot"])
    parser.add_argument("--rate", type=float, default=5000, help="votes a second, for the kind `offered`")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--no-baselines", action="store_true")
    given = parser.parse_args()
    found = [] if given.no_baselines else baselines(given.seconds)
    found += cases(given.voters, given.kind, given.seconds, given.rate)
    if given.peers:
        found += peer_cases(installed_peers(), given.voters, given.seconds)
    return run(found, given)


if __name__ == "__main__":
    sys.exit(main())
