"""Acknowledged votes a second on one hot poll, every voter a viewer too, beside pgbench writing the same rows.

    scripts/bench votes [--voters 1000] [--seconds 10]

pgbench commits one vote a transaction on 16 connections, on the same PostgreSQL, before and after the measurement.
Each voter sends its next vote when the last one is acknowledged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import uvloop

from bench.server import Running, serving
from bench.socket import VoterSocket
from nexus.embedded import binaries

WARM_UP_S = 2.0
ENTER_S = 15.0
PGBENCH_CONNECTIONS = 16

BASELINE = """
\\set voter random(1, 1000)
\\set option :first + random(0, 1)
BEGIN;
INSERT INTO acts
VALUES (:poll, 'bench:' || :voter::int, gen_random_uuid(), 'vote', ARRAY[:option::bigint], NULL, 'changed', 1, 1,
        now());
INSERT INTO votes
VALUES (:poll, 1, 'bench:' || :voter::int, :slot::uuid, gen_random_uuid(), ARRAY[:option::bigint], now())
ON CONFLICT (poll_id, epoch, voter, slot)
DO UPDATE SET op = excluded.op, choices = excluded.choices, cast_at = excluded.cast_at;
UPDATE options SET votes_count = votes_count + 1 WHERE id = :option;
UPDATE polls SET version = version + 1 WHERE id = :poll;
END;
"""


@dataclass
class Tally:
    """What the voters of a run have seen."""

    acks: int = 0
    totals: int = 0
    others: int = 0
    latencies: list[float] = field(default_factory=list)
    counting: bool = False


class Voter:
    """Votes for the options in turn, as fast as it is acknowledged, and watches the totals."""

    def __init__(self, tally: Tally, token: str, poll: int, options: list[int], host: str) -> None:
        self.socket = VoterSocket(host, self._heard)
        self.joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tally = tally
        self._token = token
        self._poll = poll
        self._options = options
        self._turn = 0
        self._sent = 0.0
        self.stopped = False

    async def enter(self) -> None:
        await self.socket.opened
        self.socket.send(json.dumps({"type": "hello", "token": self._token}).encode())
        self.socket.send(b'{"type":"join","poll":%d}' % self._poll)
        await self.joined

    def vote(self) -> None:
        self._turn += 1
        option = self._options[self._turn % len(self._options)]
        self._sent = time.perf_counter()
        op = str(uuid4()).encode()
        self.socket.send(b'{"type":"vote","op":"%s","poll":%d,"options":[%d]}' % (op, self._poll, option))

    def _heard(self, text: bytes) -> None:
        tally = self._tally
        if text.startswith(b'{"type":"ack"'):
            if tally.counting:
                tally.acks += 1
                tally.latencies.append(time.perf_counter() - self._sent)
            if not self.stopped:
                self.vote()
        elif text.startswith(b'{"type":"totals"'):
            tally.totals += tally.counting
        elif text.startswith(b'{"type":"joined"'):
            self.joined.set_result(None)
        elif not text.startswith((b'{"type":"welcome"', b'{"type":"presence"')):
            tally.others += 1
            print("unexpected:", text[:200], file=sys.stderr)


@dataclass(frozen=True)
class HotPoll:
    id: int
    options: list[int]


def make_poll(running: Running) -> HotPoll:
    body = {"question": "Which?", "options": [{"option_text": text} for text in ("Yes", "No")]}
    request = urllib.request.Request(
        f"http://127.0.0.1:{running.port}/polls/",
        data=json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": f"Bearer {running.tokens.access('user:1', ['user'])}",
        },
    )
    with urllib.request.urlopen(request) as answer:
        poll = json.load(answer)
    return HotPoll(poll["id"], [option["id"] for option in poll["options"]])


async def measure(running: Running, poll: HotPoll, voters: int, seconds: float) -> tuple[Tally, float, float]:
    """Run the audience; returns what it saw, the measured seconds and the server's CPU seconds."""
    tally, loop, host = Tally(), asyncio.get_running_loop(), f"127.0.0.1:{running.port}"
    audience = []
    for n in range(voters):
        token = running.tokens.access(f"user:{1000 + n}", ["user"])
        voter = Voter(tally, token, poll.id, poll.options, host)
        await loop.create_connection(lambda voter=voter: voter.socket, "127.0.0.1", running.port)  # type: ignore[misc]
        audience.append(voter)
    async with asyncio.timeout(ENTER_S):
        await asyncio.gather(*(voter.enter() for voter in audience))
    for voter in audience:
        voter.vote()
    await asyncio.sleep(WARM_UP_S)
    tally.counting, began, cpu = True, time.perf_counter(), running.cpu_s()
    await asyncio.sleep(seconds)
    tally.counting = False
    took, used = time.perf_counter() - began, running.cpu_s() - cpu
    for voter in audience:
        voter.stopped = True
    await asyncio.sleep(0.5)
    for voter in audience:
        voter.socket.close()
    return tally, took, used


def pgbench(running: Running, poll: HotPoll, seconds: int) -> float:
    """Votes a second that pgbench commits, one a transaction."""
    parts = urlsplit(running.database_url)
    where = parse_qs(parts.query)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(BASELINE)
        script.flush()
        done = subprocess.run(
            [
                *(binaries() / "pgbench", "-n", "-M", "prepared", "-c", str(PGBENCH_CONNECTIONS), "-j", "2"),
                *("-T", str(seconds), "-f", script.name, "-D", f"poll={poll.id}", "-D", f"first={poll.options[0]}"),
                *("-D", f"slot={UUID(int=0)}"),
                *("-h", where["host"][0], "-p", where["port"][0], "-U", parts.username or "", parts.path[1:]),
            ],
            env={"PGPASSWORD": parts.password or ""},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or found is None:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found[1])


def main() -> int:
    """Measure, and print what was seen."""
    parser = argparse.ArgumentParser(prog="scripts/bench votes", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--voters", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=10)
    arguments = parser.parse_args()
    with serving() as running:
        baseline_poll, poll = make_poll(running), make_poll(running)
        before = pgbench(running, baseline_poll, arguments.seconds)
        tally, took, cpu = uvloop.run(measure(running, poll, arguments.voters, arguments.seconds))
        after = pgbench(running, baseline_poll, arguments.seconds)
    report(arguments.voters, tally, took, cpu, (before, after))
    return 1 if tally.others else 0


def report(voters: int, tally: Tally, took: float, cpu: float, baseline: tuple[float, float]) -> None:
    """Print the figures, one a line."""
    rate = tally.acks / took
    cuts = statistics.quantiles(tally.latencies, n=100)
    print(f"voters, all of them viewers     {voters}")
    print(f"acknowledged votes a second     {rate:,.0f}")
    print(f"ack p50 / p99                   {cuts[49] * 1000:.1f} / {cuts[98] * 1000:.1f} ms")
    print(f"totals frames a second          {tally.totals / took:,.0f}")
    print(f"server CPU s per 1,000 votes    {1000 * cpu / tally.acks:.3f}  ({cpu / took:.0%} of one core)")
    print(f"pgbench, before / after         {baseline[0]:,.0f} / {baseline[1]:,.0f} votes a second")
    print(f"ratio                           {rate / statistics.mean(baseline):.2f}")


if __name__ == "__main__":
    sys.exit(main())
