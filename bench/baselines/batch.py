"""The batch transaction alone: what a server could acknowledge if it did nothing but record.

    python -m bench.baselines.batch DATABASE_URL POLL OPTION OTHER_OPTION BATCH SECONDS

`nexus.store.voting.record` in a closed loop, one batch of changes after another, on the tables of a Nexus that rests.
Prints ballots a second. Making the ballots does not count.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Sequence
from uuid import uuid4

import uvloop

from bench.generator.nexus_dialect import HotPoll
from nexus.domain.ballot import Ballot
from nexus.domain.identity import Identity
from nexus.errors import NexusError
from nexus.store.database import Database
from nexus.store.voting import record

WARM_UP_S = 1.0


async def _record(database: Database, ballots: Sequence[Ballot]) -> float:
    """Record a batch; returns the seconds it took."""
    began = time.perf_counter()
    recorded = await record(database, ballots)
    took = time.perf_counter() - began
    if refused := [answer for answer in recorded.answers if isinstance(answer, NexusError)]:
        raise refused[0]
    return took


async def measure(url: str, poll: HotPoll, batch: int, seconds: float) -> float:
    """Ballots a second, in batches of `batch` voters."""
    database = Database(url, size=2)
    await database.connect()
    voters = [Identity(f"user:{n}", frozenset({"user"}), None, time.time() + 3600) for n in range(1, batch + 1)]
    used, ballots, turn = 0.0, 0, 0
    try:
        until = time.perf_counter() + WARM_UP_S + seconds
        while (now := time.perf_counter()) < until:
            turn += 1
            choice = (poll.options[turn % len(poll.options)],)
            took = await _record(database, [Ballot(uuid4(), poll.id, voter, options=choice) for voter in voters])
            if now > until - seconds:
                used += took
                ballots += batch
    finally:
        await database.close()
    return ballots / used


def alone(url: str, poll: HotPoll, batch: int, seconds: float) -> float:
    """`measure` in a process of its own."""
    words = [url, str(poll.id), *map(str, poll.options), str(batch), str(seconds)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.baselines.batch", *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-500:])
    return float(done.stdout)


def main() -> None:
    """Print the rate."""
    url, poll, first, second, batch, seconds = sys.argv[1:]
    hot = HotPoll(int(poll), [int(first), int(second)])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(runner.run(measure(url, hot, int(batch), float(seconds))))


if __name__ == "__main__":
    main()
