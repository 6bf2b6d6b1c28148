"""Opening and closing on time: by the database's clock, once, with an audit row, and told to the rooms."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from nexus.bus import News, TotalsNews
from nexus.bus.local import LocalBus
from nexus.domain.definition import Opening
from nexus.domain.poll import Poll, Status
from nexus.errors import Unavailable
from nexus.store import rounds
from nexus.store.database import Database
from nexus.voting.schedule import LOOK_S, SOONEST_S, Schedule
from nexus.voting.tallies import Tallies
from tests.support.ballots import HOST, make_poll, rows
from tests.support.waiting import until


def after(seconds: float) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


class Clockwork:
    """A schedule as a worker runs it, and what it told."""

    def __init__(self, database: Database) -> None:
        self.told: list[News] = []
        self.tallies = Tallies(database, LocalBus(), self.told.append)
        self.schedule = Schedule(database, self.tallies)

    def statuses(self, poll: Poll) -> list[Status]:
        """What was told of the poll's status, in order."""
        return [
            news.totals.status for news in self.told if isinstance(news, TotalsNews) and news.totals.poll == poll.id
        ]


@asynccontextmanager
async def running(*clocks: Clockwork) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(clock.schedule.run()) for clock in clocks]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for clock in clocks:
            await clock.tallies.stop()


@pytest.fixture
def clock(database: Database) -> Clockwork:
    return Clockwork(database)


async def test_polls_open_and_close_on_time_and_once(clock: Clockwork, database: Database) -> None:
    opening = await make_poll(database, opens_at=after(0.3))
    closing = await make_poll(database, expires_at=after(0.4))
    both = await make_poll(database, opens_at=after(0.3), expires_at=after(0.7))
    async with running(clock):
        await until(lambda: clock.statuses(both) == [Status.OPEN, Status.CLOSED])
    assert clock.statuses(opening) == [Status.OPEN]
    assert clock.statuses(closing) == [Status.CLOSED]
    assert await rows(database, "SELECT id FROM polls WHERE closed_at = expires_at ORDER BY id") == [
        (closing.id,),
        (both.id,),
    ]
    acts = await rows(
        database,
        "SELECT target_id, action, count(*) FROM audit_log WHERE \"user\" = 'clock' GROUP BY 1, 2 ORDER BY 1, 2 DESC",
    )
    assert acts == [
        (str(opening.id), "open", 1),
        (str(closing.id), "close", 1),
        (str(both.id), "open", 1),
        (str(both.id), "close", 1),
    ]


async def test_close_is_told_within_a_second_of_its_time(clock: Clockwork, database: Database) -> None:
    async with running(clock):
        poll = await make_poll(database, expires_at=after(0.5))
        assert poll.expires_at is not None
        await until(lambda: bool(clock.statuses(poll)))
        assert datetime.now(UTC) - poll.expires_at < timedelta(seconds=2)
        assert datetime.now(UTC) >= poll.expires_at


async def test_poll_opened_for_a_second_is_closed_by_any_worker_with_nobody_watching(database: Database) -> None:
    setting, other = Clockwork(database), Clockwork(database)
    poll = await make_poll(database, status="draft")
    async with running(other):
        opened = await rounds.open_poll(database, poll.id, HOST, Opening(seconds=1))
        setting.tallies.poll_changed(opened)
        await until(lambda: bool(other.statuses(poll)))
    assert other.statuses(poll) == [Status.CLOSED]
    assert await rows(database, "SELECT closed_at = expires_at, expires_at FROM polls") == [(True, opened.expires_at)]
    ((late,),) = await rows(
        database,
        "SELECT \"timestamp\" - :at < interval '1 s' FROM audit_log WHERE action = 'close'",
        at=opened.expires_at,
    )
    assert late
    await setting.tallies.stop()


async def test_two_schedules_at_once_do_it_once(database: Database) -> None:
    clocks = [Clockwork(database) for _ in range(2)]
    made = [await make_poll(database, opens_at=after(0.2), expires_at=after(0.6)) for _ in range(5)]
    async with running(*clocks):
        await until(lambda: sum(len(clock.statuses(poll)) for clock in clocks for poll in made) >= 10)
    for poll in made:
        told = [status for clock in clocks for status in clock.statuses(poll)]
        assert sorted(told) == [Status.CLOSED, Status.OPEN]
    assert await rows(database, "SELECT count(*) FROM audit_log WHERE \"user\" = 'clock'") == [(10,)]
    assert await rows(database, "SELECT DISTINCT version FROM polls") == [(3,)]


async def test_poll_that_is_long_due_closes_at_its_time(clock: Clockwork, database: Database) -> None:
    poll = await make_poll(database, expires_at=after(0.05))
    async with database.read() as connection:
        await connection.run("SELECT pg_sleep(0.3)")
    assert await clock.schedule.step() == SOONEST_S
    assert clock.statuses(poll) == [Status.CLOSED]
    assert await rows(database, "SELECT closed_at FROM polls") == [(poll.expires_at,)]


async def test_step_says_when_to_look_again(clock: Clockwork, database: Database) -> None:
    assert await clock.schedule.step() == LOOK_S
    await make_poll(database, expires_at=after(3600))
    assert await clock.schedule.step() == LOOK_S
    await make_poll(database, expires_at=after(0.5))
    assert SOONEST_S <= await clock.schedule.step() <= 0.5


async def test_drafts_and_closed_polls_are_left_alone(clock: Clockwork, database: Database) -> None:
    await make_poll(database, status="draft", opens_at=after(0.05), expires_at=after(0.1))
    async with database.read() as connection:
        await connection.run("SELECT pg_sleep(0.2)")
    assert await clock.schedule.step() == LOOK_S
    assert await rows(database, "SELECT status FROM polls") == [("draft",)]


async def test_schedule_outlives_an_unreachable_database(
    clock: Clockwork, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    poll = await make_poll(database, expires_at=after(0.1))
    step, tries = clock.schedule.step, 0

    async def weather() -> float:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise Unavailable
        return await step()

    monkeypatch.setattr(clock.schedule, "step", weather)
    async with running(clock):
        await until(lambda: clock.statuses(poll) == [Status.CLOSED])
    assert "polls not opened and closed on time" in caplog.text
