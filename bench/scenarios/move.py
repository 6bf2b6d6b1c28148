"""An event moves on: how soon each follower is shown the next poll, and how all of them vote in it at once.

    scripts/bench move [--followers 5000] [--moves 4] [--seconds 5] [--workers 1 2] [--rounds 1]

All followers are in an event of several polls. Its host calls `next`; the time counts from the answer of that call
until each follower has read its `shown`. At once all of them begin to vote in the new poll, spread over `--seconds`,
each as soon as it is shown; everybody sees the totals meanwhile. Several workers share a Redis. The host is a process
of its own, so that its clock does not wait for the crowd's.

The statements that PostgreSQL is sent for a move, from the call until the last `shown`, are counted in its log, in
events of their own with 1, 300 and all followers.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from bench.generator.casting import Once
from bench.generator.crowd import Casts, Crowd, Stamps
from bench.generator.dialect import Kind
from bench.generator.nexus_dialect import FollowerDialect, HotPoll
from bench.host import Answered, Host
from bench.machine import Meter
from bench.result import Measured
from bench.runner import Case
from bench.scenarios.alone import arguments, run
from bench.scenarios.mixed import delays
from bench.server import Running, as_host, postgres_log, serving
from bench.subjects import tokens
from tests.support.redis_server import RedisServer

ENTER_S = 120.0
SETTLE_S = 1.5
ARRIVE_S = 2.0
MOVE_S = 20.0
COUNTED_MOVES = 9
SEED = 11


class Show:
    """An event with its followers and its host; each move is noted."""

    def __init__(self, running: Running, followers: int, polls: int) -> None:
        options = [{"option_text": text} for text in ("Yes", "No")]
        body = {"title": "Show", "polls": [{"question": f"Question {n}?", "options": options} for n in range(polls)]}
        event = as_host(running, "/events/", body)
        found = [as_host(running, f"/polls/{poll['id']}/") for poll in event["polls"]]
        hot = [HotPoll(poll["id"], [option["id"] for option in poll["options"]]) for poll in found]
        dialect = FollowerDialect(f"127.0.0.1:{running.port}", event["id"], hot, tokens(running, followers))
        self.crowd = Crowd(running.port, dialect)
        self.host = Host(running, event["id"])
        self.followers = followers
        self.crowd.enter(followers, ENTER_S)
        self.crowd.watch(SETTLE_S)
        self._moved: set[int] = set()

    def move(self) -> Answered:
        """Ask for the next poll, and read on until that is answered."""
        self._moved, self.crowd.shown = set(), Stamps()
        self.host.ask_for_next()
        while (answered := self.host.answer()) is None:
            self.crowd.turn(0.001)
        return answered

    def has_moved(self, follower: int) -> bool:
        """Whether a follower has been shown the newest poll."""
        if follower not in self._moved and self.crowd.shown is not None:
            self._moved.update(self.crowd.shown.clients)
        return follower in self._moved

    def wait_for_all(self, revision: int) -> list[float]:
        """Wait until everybody has been shown this revision; returns when each follower was, sorted."""
        until = time.perf_counter() + MOVE_S
        while len(first := self._shown(revision)) < self.followers:
            self.crowd.turn(0.005)
            if self.crowd.lost or time.perf_counter() > until:
                raise RuntimeError(f"not everybody was moved, {self.crowd.lost} were lost: {dict(self.crowd.errors)}")
        return sorted(first.values())

    def _shown(self, revision: int) -> dict[int, float]:
        """When followers have first read this revision or a newer one."""
        assert self.crowd.shown is not None
        stamps = self.crowd.shown
        seen = zip(reversed(stamps.clients), reversed(stamps.versions), reversed(stamps.times), strict=True)
        return {follower: at for follower, newest, at in seen if newest >= revision}

    def close(self) -> None:
        """End the host and the crowd."""
        self.host.close()
        self.crowd.close()


@contextmanager
def served(workers: int) -> Iterator[Running]:
    """A server of so many workers; several share a Redis."""
    if workers == 1:
        with serving() as running:
            yield running
        return
    redis = RedisServer().start()
    try:
        with serving(WEB_CONCURRENCY=str(workers), REDIS_URL=redis.url) as running:
            yield running
    finally:
        redis.stop()


def measure(followers: int, moves: int, seconds: float, workers: int) -> Measured:
    """Move, and have everybody vote, again and again; the first time is a rehearsal."""
    dice = random.Random(SEED)
    shown: list[float] = []
    waits: list[float] = []
    with served(workers) as running:
        show = Show(running, followers, moves + 1)
        crowd = show.crowd
        meter = Meter(running.process.pid, running.postgres_pid)
        for turn in range(moves + 1):
            if turn == 1:
                crowd.casts, crowd.stamps = Casts(), Stamps()
                meter = Meter(running.process.pid, running.postgres_pid)
            asked, answered, revision = show.move()
            Once(crowd, followers, show.has_moved, seed=turn).run(seconds)
            if turn:
                moved = show.wait_for_all(revision)
                shown += [at - answered for at in moved]
                waits.append(moved[-1] - asked)
            crowd.watch(dice.uniform(0.5, 1.0))
        shares = meter.read()
        crowd.watch(ARRIVE_S)
        if crowd.heard[Kind.REFUSED] or crowd.lost:
            raise RuntimeError(f"votes were refused, or clients lost ({crowd.lost}): {dict(crowd.errors)}")
        show.close()
    return Measured(figures(crowd, followers, sorted(shown), waits), shares)


def figures(crowd: Crowd, followers: int, shown: list[float], waits: list[float]) -> dict[str, float]:
    """What was measured; `shown` are the seconds of each follower in each move, sorted, `waits` those of moves."""
    assert crowd.stamps is not None
    found, missing = delays(crowd.casts, crowd.stamps, followers)
    acks = statistics.quantiles(crowd.casts.latencies, n=100)
    shares = {f"shown_p{share}_ms": shown[len(shown) * share // 100] * 1000 for share in (50, 95)}
    return shares | {
        "shown_longest_ms": shown[-1] * 1000,
        "call_to_last_shown_ms": max(waits) * 1000,
        "acks": float(len(crowd.casts.acked)),
        "ack_p50_ms": acks[49] * 1000,
        "ack_p99_ms": acks[98] * 1000,
        "screen_p50_ms": found[len(found) // 2] * 1000,
        "screen_p95_ms": found[len(found) * 95 // 100] * 1000,
        "never_arrived_pairs": float(missing),
    }


def count(followers: int) -> Measured:
    """The statements of a move, the median of several; all followers have voted in the poll before."""
    counts = []
    with serving() as running:
        show = Show(running, followers, COUNTED_MOVES + 1)
        log = postgres_log(running)
        for turn in range(COUNTED_MOVES + 1):
            began = time.time()
            _, _, revision = show.move()
            show.wait_for_all(revision)
            if turn:
                counts.append(log.statements(began, time.time()))
            Once(show.crowd, followers, show.has_moved, seed=turn).run(0.2)
            show.crowd.watch(0.5)
        show.close()
    return Measured({"statements": statistics.median(counts), "most_statements": max(counts)})


def timed(followers: int, moves: int, seconds: float, workers: Sequence[int]) -> list[Case]:
    """A case for each number of workers."""
    return [
        Case(
            "move",
            "nexus",
            f"{followers:,} followers, all vote within {seconds:g} s, {many} worker{'' if many == 1 else 's'}",
            partial(measure, followers, moves, seconds, many),
        )
        for many in workers
    ]


def counted(followers: int) -> list[Case]:
    """A case for each number of followers whose moves are counted, up to this one."""
    return [
        Case("move", "nexus", f"statements of a move, followers: {some:,}", partial(count, some))
        for some in sorted({1, min(300, followers), followers})
    ]


def main() -> int:
    """Measure, and print what was seen."""
    parser = arguments("move", __doc__)
    parser.add_argument("--followers", type=int, default=5000)
    parser.add_argument("--moves", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=5, help="in which everybody votes")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    given = parser.parse_args()
    cases = timed(given.followers, given.moves, given.seconds, given.workers) + counted(given.followers)
    return run(cases, given)


if __name__ == "__main__":
    sys.exit(main())
