"""How fast one vote reaches every screen, and what a screen and frame costs the server.

    scripts/bench fanout [--viewers 4000] [--votes 20] [--subjects nexus,floor,websockets.broadcast] [--rounds 1]

All viewers are in the room of one poll, and nothing else happens. Each of `--votes` votes is cast at a random moment,
and counts from its casting until the first and until the last viewer has read the totals with it. Then votes come
steadily, and the CPU seconds of the server are divided by the frames that arrived.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Sequence
from functools import partial

from bench.generator.casting import Offered
from bench.generator.crowd import Crowd, Stamps
from bench.result import Measured
from bench.runner import Case
from bench.scenarios.alone import arguments, chosen, run
from bench.subjects import BROADCAST, Floor, Nexus, Subject, Target

ENTER_S = 120.0
SETTLE_S = 1.5
ARRIVE_S = 5.0
STEADY_S = 6.0
# Frames a second while votes come steadily: a good part of what the floor can do, but not for the generator.
STEADY_FRAMES = 40_000
MOST_VOTES_A_SECOND = 10.0
SEED = 11

SUBJECTS: tuple[Subject, ...] = (Nexus(), Floor(), BROADCAST)


def one_vote(crowd: Crowd, voter: int) -> tuple[float, float]:
    """Cast one vote; returns the seconds until the first and the last viewer has its totals."""
    stamps = crowd.stamps = Stamps()
    acks, crowd.acked = len(crowd.casts.acked), None
    crowd.cast(voter)
    until = time.perf_counter() + ARRIVE_S
    while time.perf_counter() < until:
        crowd.turn(0.05)
        if len(stamps.times) < crowd.begun or len(crowd.casts.acked) == acks:
            continue
        version = crowd.casts.versions[-1]
        seen = zip(stamps.clients, stamps.versions, stamps.times, strict=True)
        arrived = {client: at for client, newest, at in reversed(list(seen)) if newest >= version}  # the first counts
        if len(arrived) == crowd.begun:
            cast = crowd.casts.cast[-1]
            return min(arrived.values()) - cast, max(arrived.values()) - cast
    raise RuntimeError(f"the totals did not arrive everywhere within {ARRIVE_S:.0f} s")


def measure(subject: Subject, viewers: int, votes: int) -> Measured:
    """Both parts, on a server of their own."""
    with subject.running() as target:
        crowd = Crowd(target.port, target.dialect(viewers))
        crowd.enter(viewers, ENTER_S)
        crowd.watch(SETTLE_S)
        dice = random.Random(SEED)
        firsts, lasts = [], []
        for _ in range(votes):
            crowd.watch(dice.uniform(0.1, 1.1))
            first, last = one_vote(crowd, dice.randrange(viewers))
            firsts.append(first * 1000)
            lasts.append(last * 1000)
        crowd.stamps = None
        return _steady(target, crowd, viewers, firsts, lasts)


def _steady(target: Target, crowd: Crowd, viewers: int, firsts: list[float], lasts: list[float]) -> Measured:
    rate = min(MOST_VOTES_A_SECOND, STEADY_FRAMES / viewers)
    offered = Offered(crowd, viewers, rate)
    offered.run(1.0)
    meter, frames = target.meter(), crowd.totals
    offered.run(STEADY_S)
    shares, frames = meter.read(), crowd.totals - frames
    crowd.close()
    figures = {
        "first_ms": statistics.median(firsts),
        "last_ms": statistics.median(lasts),
        "slowest_last_ms": max(lasts),
        "cpu_a_viewer_and_frame_us": shares.server * shares.seconds / frames * 1e6,
        "frames_rate": frames / shares.seconds,
    }
    return Measured(figures, shares)


def cases(subjects: Sequence[Subject], viewers: Sequence[int], votes: int) -> list[Case]:
    """A case for each number of viewers and each subject."""
    return [
        Case("fanout", one.name, f"{many:,} viewers", partial(measure, one, many, votes))
        for many in viewers
        for one in subjects
    ]


def main() -> int:
    """Measure, and print what was seen."""
    parser = arguments("fanout", __doc__, SUBJECTS)
    parser.add_argument("--viewers", type=int, nargs="+", default=[4000])
    parser.add_argument("--votes", type=int, default=20)
    given = parser.parse_args()
    return run(cases(chosen(SUBJECTS, given), given.viewers, given.votes), given)


if __name__ == "__main__":
    sys.exit(main())
