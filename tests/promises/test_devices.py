"""One voter's ops from several devices, ways and workers, end to end: each takes effect once, whatever comes again."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nexus.store.database import Database
from tests.support.audience import Audience, Device, one_worker, two_workers
from tests.support.audience_acts import Answer, retract, vote
from tests.support.audience_socket import Socket
from tests.support.ballots import LOCK_WAITS, assert_counts, rows
from tests.support.values import Json

RACES = 5


async def _dump(database: Database) -> list[object]:
    tables = ("polls", "options", "votes", "acts")
    return [await rows(database, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") for table in tables]


async def _then(what: str, host: Device, socket: Socket, poll: Json) -> None:
    """Something that comes after a vote."""
    match what:
        case "a newer op":
            assert (await socket.act(vote(poll, 1))).status == "changed"
        case "a retraction":
            assert (await socket.act(retract(poll))).status == "retracted"
        case _:
            await host.post(f"/polls/{poll['id']}/{what}/")


@pytest.mark.parametrize("what", ["a newer op", "a retraction", "close", "reset"])
async def test_an_old_op_changes_nothing_after(
    what: str, database_url: str, database: Database, tmp_path: Path
) -> None:
    async with two_workers(tmp_path, database_url) as (here, there):
        poll = await here.host.poll()
        socket, elsewhere = await here.voter(1).connect(), await there.voter(1).connect()
        act = vote(poll, 0)
        first = await socket.act(act)
        await _then(what, there.host, socket, poll)
        before = await _dump(database)
        ways = (socket.act, elsewhere.act, here.voter(1).act, there.voter(1).act)
        again = await asyncio.gather(*(way(act) for way in ways for _ in range(3)))
        assert set(again) == {replace(first, status="replayed", stands=what == "close")}
        assert await _dump(database) == before


async def test_an_op_reused_with_another_choice_is_refused(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    async with two_workers(tmp_path, database_url) as (here, there):
        poll = await here.host.poll(max_choices=2)
        act = vote(poll, 0)
        assert (await here.voter(1).act(act)).committed
        before = await _dump(database)
        others = [vote(poll, 1, op=act.op), vote(poll, 0, 1, op=act.op), retract(poll, op=act.op)]
        socket = await there.voter(1).connect()
        answers = [await way(other) for way in (socket.act, there.voter(1).act) for other in others]
        assert [answer.status for answer in answers] == ["op_reused"] * 6
        assert await _dump(database) == before
        assert (await there.voter(2).act(vote(poll, 1, op=act.op))).status == "recorded"  # another's op


async def test_devices_racing_for_the_last_of_three_ballots_get_it_once(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    async with two_workers(tmp_path, database_url) as audiences:
        poll = await audiences[0].host.poll(votes_per_user=3)

        async def race(n: int) -> None:
            sockets = [await audience.voter(n).connect() for audience in audiences]
            for _ in range(2):
                assert (await sockets[0].act(vote(poll, 0))).status == "recorded"
            for turn in range(RACES):
                ways = [sockets[0].act, sockets[1].act, audiences[0].voter(n).act, audiences[1].voter(n).act]
                answers = await asyncio.gather(*(way(vote(poll, 1)) for way in ways))
                assert Counter(one.status for one in answers) == {"recorded": 1, "vote_limit_reached": 3}
                (won,) = (one.op for one in answers if one.committed)
                if turn < RACES - 1:
                    assert (await sockets[turn % 2].act(retract(poll, ballot=won))).status == "retracted"

        await asyncio.gather(*(race(n) for n in range(20)))
    await assert_counts(database)
    assert await rows(database, "SELECT voters, ballots FROM polls") == [(20, 60)]


async def test_one_op_sent_on_every_way_at_once_takes_effect_once(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    async with two_workers(tmp_path, database_url) as audiences:
        poll = await audiences[0].host.poll(votes_per_user=3)

        async def send(n: int) -> None:
            sockets = [await audience.voter(n).connect() for audience in audiences]
            act = vote(poll, n % 3)
            ways = [*(socket.act for socket in sockets), *(audience.voter(n).act for audience in audiences)]
            answers = await asyncio.gather(*(way(act) for way in ways * 2))
            assert Counter(one.status for one in answers) == {"recorded": 1, "replayed": 7}
            assert len({one.place for one in answers}) == 1

        await asyncio.gather(*(send(n) for n in range(20)))
    await assert_counts(database)
    assert await rows(database, "SELECT voters, ballots FROM polls") == [(20, 20)]


async def test_a_vote_that_waited_for_the_lock_past_the_expiry_is_refused(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    async with one_worker(tmp_path, database_url) as audience:
        ends = datetime.now(UTC) + timedelta(seconds=2)
        poll = await audience.host.poll(expires_at=ends.isoformat())
        ways = [(await audience.voter(1).connect()).act, audience.voter(2).act]
        async with database.transaction() as holder:
            await holder.run("SELECT 1 FROM polls FOR NO KEY UPDATE")
            waiting = [asyncio.create_task(way(vote(poll, 0))) for way in ways]
            await _until_waiting(database)
            await holder.run("SELECT pg_sleep(greatest(0, extract(epoch FROM :at - clock_timestamp())))", at=ends)
        answers = [await _answered(audience, task) for task in waiting]
        assert [answer.status for answer in answers] == ["poll_closed"] * 2
    assert await rows(database, "SELECT count(*) FROM acts") == [(0,)]
    assert await rows(database, "SELECT status, closed_at = expires_at FROM polls") == [("closed", True)]


async def _answered(audience: Audience, task: asyncio.Task[Answer]) -> Answer:
    return await asyncio.wait_for(task, 30)


async def _until_waiting(database: Database) -> None:
    async with asyncio.timeout(10):
        while not await rows(database, LOCK_WAITS):  # noqa: ASYNC110 - there is no event
            await asyncio.sleep(0.01)
