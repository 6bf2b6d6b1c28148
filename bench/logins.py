"""What a crowd that logs in does to votes: ack latency of a steady stream of votes, without logins and with them.

    scripts/bench logins [--votes 500] [--logins 50] [--seconds 10] [--pairs 3]

Phases without and with logins alternate, on one worker; every login is for an account of its own and is right.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import Counter

import uvloop

from bench.generator.nexus_dialect import HotPoll
from bench.server import Running, make_poll, serving
from bench.voter import Tally, Voter

VOTERS = 500
ACCOUNTS = 100
PASSWORD = "correct horse battery"
ENTER_S = 30.0


class LoginCrowd:
    """People who log in at a steady rate."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.statuses: Counter[int] = Counter()
        self.latencies: list[float] = []

    async def post(self, path: str, body: dict[str, str]) -> int:
        """One request on a connection of its own; returns the status."""
        raw = json.dumps(body).encode()
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(raw)}\r\n\r\n".encode()
            + raw
        )
        answer = await reader.read()
        writer.close()
        return int(answer.split(b" ", 2)[1])

    async def register(self) -> None:
        """Make the accounts."""
        for n in range(ACCOUNTS):
            assert await self.post("/auth/register/", {"username": f"bench{n}", "password": PASSWORD}) == 201

    async def log_in(self, n: int) -> None:
        """One login, and how long it took."""
        began = time.perf_counter()
        self.statuses[await self.post("/auth/token/", {"username": f"bench{n % ACCOUNTS}", "password": PASSWORD})] += 1
        self.latencies.append(time.perf_counter() - began)

    async def come(self, each_second: int, seconds: float) -> None:
        """Begin each login at its time, whether or not the earlier ones are through; ends with the last of them."""
        async with asyncio.TaskGroup() as group:
            began = time.perf_counter()
            for n in range(int(each_second * seconds)):
                await asyncio.sleep(max(0.0, began + n / each_second - time.perf_counter()))
                group.create_task(self.log_in(n))


async def enter(running: Running, poll: HotPoll, tally: Tally) -> list[Voter]:
    """An audience that watches, and votes when it is told."""
    loop, host, audience = asyncio.get_running_loop(), f"127.0.0.1:{running.port}", []
    for n in range(VOTERS):
        voter = Voter(tally, running.tokens.access(f"user:{1000 + n}", ["user"]), poll.id, poll.options, host)
        voter.stopped = True
        await loop.create_connection(lambda voter=voter: voter.socket, "127.0.0.1", running.port)  # type: ignore[misc]
        audience.append(voter)
    async with asyncio.timeout(ENTER_S):
        await asyncio.gather(*(voter.enter() for voter in audience))
    return audience


async def phase(audience: list[Voter], tally: Tally, rate: int, seconds: float) -> list[float]:
    """Vote at `rate` for so long; returns the latencies of the acks."""
    tally.latencies.clear()
    began = time.perf_counter()
    for n in range(int(rate * seconds)):
        pause = began + n / rate - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        audience[n % VOTERS].vote()
    await asyncio.sleep(1)
    return sorted(tally.latencies)


async def measure(running: Running, poll: HotPoll, arguments: argparse.Namespace) -> int:
    """Alternate the phases, and print each."""
    tally, crowd = Tally(counting=True), LoginCrowd(running.port)
    await crowd.register()
    audience = await enter(running, poll, tally)
    await phase(audience, tally, arguments.votes, 2)
    p99s: dict[bool, list[float]] = {False: [], True: []}
    for n in range(2 * arguments.pairs):
        flooded = bool(n % 2)
        flood = asyncio.create_task(crowd.come(arguments.logins, arguments.seconds)) if flooded else None
        latencies = await phase(audience, tally, arguments.votes, arguments.seconds)
        if flood is not None:
            await flood  # those still in line would burden the next phase
        cuts = statistics.quantiles(latencies, n=100)
        p99s[flooded].append(cuts[98])
        print(
            f"{'with' if flooded else 'without'} logins: {len(latencies)} acks, "
            f"p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms, most {latencies[-1] * 1000:.1f} ms"
        )
    for voter in audience:
        voter.socket.close()
    without, beside = statistics.median(p99s[False]), statistics.median(p99s[True])
    took = statistics.quantiles(crowd.latencies, n=100)
    print(f"logins: {dict(crowd.statuses)}, p50 {took[49] * 1000:.0f} ms, p99 {took[98] * 1000:.0f} ms")
    print(f"ack p99, median of the phases: {without * 1000:.1f} ms without, {beside * 1000:.1f} ms with logins")
    print(f"ratio {beside / without:.2f}")
    return 1 if tally.others else 0


def main() -> int:
    """Measure, and print what was seen."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench logins", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--votes", type=int, default=500, help="votes a second")
    parser.add_argument("--logins", type=int, default=50, help="logins a second")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--pairs", type=int, default=3)
    arguments = parser.parse_args()
    with serving(NEXUS_LOGINS_PER_MINUTE="1000000", NEXUS_REGISTRATIONS_PER_MINUTE="1000000") as running:
        return uvloop.run(measure(running, make_poll(running), arguments))


if __name__ == "__main__":
    sys.exit(main())
