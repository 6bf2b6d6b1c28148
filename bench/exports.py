"""Exports of 500,000 ballots in each format: time, size, memory, and what they do to the acks of votes meanwhile.

    scripts/bench exports [--ballots 500000] [--votes 300] [--keep FOLDER]

One worker. For each format: alone, with the memory of the worker and of the writer over the run; then again and again
beside a steady stream of votes in another poll, and the acks of the same stream without. The workbook is read back by
another library. `--keep` leaves the files in a folder, to be opened by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import io
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import uvloop
from openpyxl import load_workbook

from bench.generator.nexus_dialect import HotPoll
from bench.logins import enter, phase
from bench.server import Running, make_poll, serving
from bench.voter import Tally

SAMPLE_S = 0.05
TENTHS = 10
WARM_UP_S = 2.0
FORMATS = ("csv", "json", "xlsx")

FILL = """
INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at)
SELECT $1, 1, 'user:' || n, '00000000-0000-0000-0000-000000000000', gen_random_uuid(),
       ARRAY[($2::bigint[])[1 + n % 2]], clock_timestamp()
FROM generate_series(1, $3::integer) n
"""


@dataclass
class Memory:
    """Megabytes over a run."""

    worker: list[float] = field(default_factory=list)
    writer: list[float] = field(default_factory=list)


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096 / 1e6


def _sample(pid: int, memory: Memory) -> None:
    """The worker is the server itself, its only child the writer."""
    memory.worker.append(_resident(pid))
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        try:
            memory.writer.append(_resident(int(child)))
        except OSError:
            continue  # it has just ended


@contextmanager
def watched(pid: int) -> Iterator[Memory]:
    """The memory of a worker and of what it starts, as long as the `with` lasts."""
    memory, over = Memory(), threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_S):
            _sample(pid, memory)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield memory
    finally:
        over.set()
        watching.join()


@dataclass(frozen=True)
class Fetched:
    """An export as it arrived."""

    content: bytes
    first_s: float
    all_s: float


def fetch(running: Running, poll: int, kind: str) -> Fetched:
    """One export, whole."""
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", running.port)
    token = running.tokens.access("user:999", ["user", "admin"])
    connection.request("GET", f"/polls/{poll}/export/?format={kind}", headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    first = answer.read(1)
    first_s = time.perf_counter() - began
    content = first + answer.read()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{kind} was refused: {content!r}")
    return Fetched(content, first_s, time.perf_counter() - began)


def alone(running: Running, poll: int, kind: str, keep: Path | None) -> None:
    """Fetch one format with nothing beside it."""
    with watched(running.process.pid) as memory:
        fetched = fetch(running, poll, kind)
    print(
        f"{kind}: first byte {fetched.first_s:.1f} s, all {fetched.all_s:.1f} s, {len(fetched.content) / 1e6:.1f} MB; "
        f"worker {memory.worker[0]:.0f} MB, at most {max(memory.worker):.0f} MB"
    )
    if memory.writer:
        step = max(1, len(memory.writer) // TENTHS)
        tenths = " ".join(f"{one:.0f}" for one in memory.writer[::step])
        print(f"  writer: at most {max(memory.writer):.0f} MB; over the run {tenths}")
    if kind == "xlsx":
        read_back(fetched.content)
    if keep is not None:
        (keep / f"export.{kind}").write_bytes(fetched.content)


def read_back(content: bytes) -> None:
    """Count what another library finds in the workbook."""
    book = load_workbook(io.BytesIO(content), read_only=True)
    for sheet in book.worksheets:
        print(f"  openpyxl: {sheet.title}, {sum(1 for _ in sheet.iter_rows(values_only=True)):,} rows")
    book.close()


async def beside(running: Running, big: int, hot: HotPoll, rate: int) -> None:
    """The acks of a steady stream of votes, without exports and with each format exported again and again."""
    tally = Tally(counting=True)
    audience = await enter(running, hot, tally)
    await phase(audience, tally, rate, WARM_UP_S)
    for kind in ("", *FORMATS, ""):
        exports = 0
        voting = asyncio.create_task(phase(audience, tally, rate, 15.0))
        while kind and not voting.done():
            await asyncio.to_thread(fetch, running, big, kind)
            exports += 1
        cuts = statistics.quantiles(await voting, n=100)
        print(
            f"votes beside {exports} exports as {kind or 'nothing'}: "
            f"acks p50 {cuts[49] * 1000:.1f} ms, p99 {cuts[98] * 1000:.1f} ms"
        )
    for voter in audience:
        voter.socket.close()


async def fill(running: Running, poll: HotPoll, ballots: int) -> None:
    """Ballots for the poll, past the service."""
    connection = await asyncpg.connect(running.database_url)
    try:
        await connection.execute(FILL, poll.id, poll.options, ballots)
        await connection.execute("VACUUM ANALYZE votes")
    finally:
        await connection.close()


def main() -> int:
    """Measure, and print what was seen."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench exports", description=__doc__.splitlines()[0] if __doc__ else ""
    )
    parser.add_argument("--ballots", type=int, default=500_000)
    parser.add_argument("--votes", type=int, default=300, help="votes a second")
    parser.add_argument("--keep", type=Path, help="a folder for the files")
    arguments = parser.parse_args()
    with serving() as running:
        big, hot = make_poll(running), make_poll(running)
        uvloop.run(fill(running, big, arguments.ballots))
        for kind in FORMATS:
            alone(running, big.id, kind, arguments.keep)
        uvloop.run(beside(running, big.id, hot, arguments.votes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
