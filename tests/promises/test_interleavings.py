"""A thousand voters at once, in every way and order: what was acknowledged stands, once, and every screen arrives.

The order of everything follows from a seed as far as a network lets it; NEXUS_SEED repeats one.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path

from nexus.store.database import Database
from tests.support.answer_book import AnswerBook, check_ledger, read_ledger
from tests.support.audience import Audience, Device, audience_of
from tests.support.audience_socket import Socket
from tests.support.ballots import assert_counts, rows
from tests.support.crowd import Member, gather_crowd
from tests.support.promised import NEWEST_S
from tests.support.redis_server import running_redis
from tests.support.served import Server, serving
from tests.support.thorough import SLOW
from tests.support.values import Json

VOTERS = 1000
STEPS = 10 if os.environ.get("NEXUS_SOAK") else 6
VERIFY_S = 60.0

POLLS: list[Json] = [
    {},
    {"votes_per_user": 3},
    {"allow_change": False, "results": "after_close"},
    {"max_choices": 2, "results": "after_vote"},
]
TURNS = [(0.3, 1, "reset"), (0.45, 3, "close"), (0.55, 3, "open"), (0.7, 0, "reset"), (0.85, 2, "close")]
"""What the host does: after which share of the acts, to which poll, what."""


@SLOW
async def test_a_thousand_voters_on_one_worker(database_url: str, database: Database, tmp_path: Path) -> None:
    async with serving(tmp_path, database_url) as server:
        await _run(server, database)


async def test_a_thousand_voters_on_two_workers(database_url: str, database: Database, tmp_path: Path) -> None:
    with running_redis() as redis:
        async with serving(tmp_path, database_url, redis.url, workers=2) as server:
            await _run(server, database)


async def _run(server: Server, database: Database) -> None:
    seed = int(os.environ.get("NEXUS_SEED") or random.SystemRandom().getrandbits(32))
    print(f"NEXUS_SEED={seed}")  # noqa: T201 - pytest shows it where the test fails
    async with audience_of(server) as audience:
        host = audience.device("user:1", "user")
        polls = [await host.poll("Yes", "No", "Maybe", "Never", **fields) for fields in POLLS]
        book = AnswerBook()
        crowd = await gather_crowd(audience, polls, book, seed, VOTERS)
        _both_serve(server, len(audience.sockets))
        await asyncio.gather(_host(host, polls, book), *(member.live(STEPS) for member in crowd))
        await _all_arrive(database, audience, crowd)
        ids = [poll["id"] for poll in polls]
        await _check(server, database, audience, ids, book)
        ledger = await read_ledger(database, ids)
        await _old_ops_change_nothing(database, crowd)
        assert await read_ledger(database, ids) == ledger
    await assert_counts(database)


def _both_serve(server: Server, sockets: int) -> None:
    """No worker sleeps through the test, where this can be seen."""
    folders = [Path(f"/proc/{pid}/fd") for pid in server.worker_pids]
    if all(folder.exists() for folder in folders):
        held = [len(list(folder.iterdir())) for folder in folders]
        assert min(held) > sockets / 50, held


async def _host(host: Device, polls: list[Json], book: AnswerBook) -> None:
    for share, poll, turn in TURNS:
        await book.reaches(int(share * VOTERS * STEPS))
        await host.post(f"/polls/{polls[poll]['id']}/{turn}/")


async def _places(database: Database) -> dict[object, tuple[object, ...]]:
    return {row[0]: row[1:] for row in await rows(database, "SELECT id, epoch, version FROM polls")}


async def _all_arrive(database: Database, audience: Audience, crowd: list[Member]) -> None:
    last = time.monotonic()
    newest = await _places(database)
    for socket in audience.sockets:
        await _arrives(socket, newest, last + NEWEST_S)
    assert len(audience.sockets) == sum(len(member.sockets) for member in crowd) > VOTERS


async def _arrives(socket: Socket, newest: dict[object, tuple[object, ...]], deadline: float) -> None:
    (room,) = socket.rooms
    left_s = max(0.01, deadline - time.monotonic())
    await socket.until(lambda: socket.shown[room].place == newest[room], f"the newest of {room}", left_s)


async def _check(server: Server, database: Database, audience: Audience, polls: list[int], book: AnswerBook) -> None:
    replay = await check_ledger(database, polls, book)
    wrong = replay.refuted(audience.checker.seen)
    assert not wrong, wrong[:5]
    await assert_counts(database)
    verified = await server.command("verify", within_s=VERIFY_S)
    assert verified.returncode == 0, verified.stdout


async def _old_ops_change_nothing(database: Database, crowd: list[Member]) -> None:
    before = await _places(database)
    answers = Counter(answer.status for answer in await asyncio.gather(*(one.repeat() for one in crowd)) if answer)
    assert answers["replayed"] > VOTERS / 4, answers
    assert await _places(database) == before
