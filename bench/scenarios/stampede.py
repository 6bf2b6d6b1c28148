"""Everybody comes back at once: the real server is restarted under 5,000 viewers.

    scripts/bench stampede [--viewers 5000] [--over 3] [--rate 100] [--rounds 1]

Half of the viewers have a ballot that stands. Once the server is ready again they come back, spread evenly over
`--over` seconds. Meanwhile the first 200 to be in again offer `--rate` votes a second together. What counts is the time
from readiness until the last one is in its room, the transactions of PostgreSQL in that time (each query outside of a
batch is one), and the acks meanwhile.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import sys
import time
from collections import deque
from functools import partial

import asyncpg

from bench.filling import fill_own
from bench.generator.crowd import Crowd
from bench.generator.dialect import Kind
from bench.generator.nexus_dialect import SocketDialect
from bench.machine import Meter
from bench.result import Measured
from bench.runner import Case
from bench.scenarios.alone import arguments, run
from bench.server import Running, free_port, make_poll, postgres, serving_on
from bench.subjects import FIRST_USER, tokens

ENTER_S = 60.0
BACK_S = 60.0
STOP_S = 30.0
VOTERS = 200


class Return:
    """Clients who come back on time, of whom the first ones vote."""

    def __init__(self, crowd: Crowd, viewers: int, over_s: float, rate: float) -> None:
        self._crowd = crowd
        self._viewers = viewers
        self._step = over_s / viewers
        self._vote_step = 1 / rate
        self._idle: deque[int] = deque()
        self._outside = set(range(min(VOTERS, viewers)))
        crowd.acked = self._idle.append

    def run(self) -> float:
        """Bring them all back; returns the seconds it took."""
        crowd, began = self._crowd, time.perf_counter()
        due = began
        while crowd.entered < self._viewers:
            now = time.perf_counter()
            while crowd.begun < self._viewers and began + crowd.begun * self._step <= now:
                crowd.begin()
            for client in [one for one in self._outside if one < crowd.begun and crowd.entered_at[one]]:
                self._outside.discard(client)
                self._idle.append(client)
            if not self._idle and not crowd.casts.cast:
                due = now  # votes are offered from when somebody is there
            while due <= now and self._idle:
                crowd.cast(self._idle.popleft(), due)
                due += self._vote_step
            crowd.turn(0.002)
            if crowd.lost or crowd.heard[Kind.REFUSED] or now - began > BACK_S:
                raise RuntimeError(f"{crowd.entered} are back, {crowd.lost} lost: {dict(crowd.errors)}")
        return time.perf_counter() - began


def _stop(running: Running, crowd: Crowd) -> None:
    """End the server under its crowd, which goes on reading."""
    running.process.terminate()
    deadline = time.monotonic() + STOP_S
    while running.process.poll() is None:
        crowd.turn(0.02)
        if time.monotonic() > deadline:
            raise RuntimeError("the server did not stop")
    crowd.close()


async def _transactions(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        query = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


def measure(viewers: int, over_s: float, rate: float) -> Measured:
    """The whole story, on a server of its own."""
    key, port = secrets.token_hex(32), free_port()
    with postgres() as database:
        with serving_on(database, key, port) as running:
            poll = make_poll(running)
            asyncio.run(fill_own(database.url, poll, FIRST_USER, viewers // 2))
            dialect = SocketDialect(f"127.0.0.1:{port}", [poll], tokens(running, viewers))
            before = Crowd(port, dialect)
            before.enter(viewers, ENTER_S)
            before.watch(1.0)
            began = time.perf_counter()
            _stop(running, before)
            stopped = time.perf_counter() - began
        transactions = asyncio.run(_transactions(database.url))
        began = time.perf_counter()
        with serving_on(database, key, port) as running:
            ready = time.perf_counter() - began
            meter, crowd = Meter(running.process.pid, database.pid), Crowd(port, dialect)
            seconds = Return(crowd, viewers, over_s, rate).run()
            shares, latencies = meter.read(), crowd.casts.latencies
            crowd.close()
        # Its sessions have ended, and each hands in its numbers then.
        transactions = asyncio.run(_transactions(database.url)) - transactions
    figures = {
        "stop_s": stopped,
        "start_until_ready_s": ready,
        "all_back_s": seconds,
        "transactions_rate": transactions / seconds,
        "acks": float(len(latencies)),
        "ack_p50_ms": latencies[len(latencies) // 2] * 1000,
        "ack_p99_ms": statistics.quantiles(latencies, n=100)[98] * 1000,
    }
    return Measured(figures, shares)


def cases(viewers: int, over_s: float, rate: float) -> list[Case]:
    """One case."""
    load = f"{viewers:,} viewers come back over {over_s:g} s, {rate:,.0f} votes/s offered"
    return [Case("stampede", "nexus", load, partial(measure, viewers, over_s, rate))]


def main() -> int:
    """Measure, and print what was seen."""
    parser = arguments("stampede", __doc__)
    parser.add_argument("--viewers", type=int, default=5000)
    parser.add_argument("--over", type=float, default=3.0, help="seconds")
    parser.add_argument("--rate", type=float, default=100, help="votes a second")
    given = parser.parse_args()
    return run(cases(given.viewers, given.over, given.rate), given)


if __name__ == "__main__":
    sys.exit(main())
