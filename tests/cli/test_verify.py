"""`nexus verify`: what it finds, what it mends, and what it leaves alone (docs/contract.md, "Running")."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from nexus.bus import TotalsNews
from nexus.bus.redis.address import parse_address
from nexus.bus.redis.bus import RedisBus
from nexus.domain.ballot import Outcome
from nexus.domain.poll import Place, Poll
from nexus.domain.text import counted
from nexus.store import watch
from nexus.store.database import Database
from tests.support.ballots import assert_counts, cast_one, make_poll, refused, retract, rows, vote, voter
from tests.support.command import REFUSED, Command
from tests.support.listening import Ear
from tests.support.redis_server import RedisServer, running_redis
from tests.support.shows import make_event, newest

EQUAL = ["counts equal votes"]
CHOICES = (0, 0, 1)


@pytest.fixture
def nexus(tmp_path: Path, database_url: str) -> Command:
    return Command(tmp_path, DATABASE_URL=database_url)


@pytest.fixture
async def poll(database: Database) -> Poll:
    return await poll_with_votes(database)


async def poll_with_votes(database: Database) -> Poll:
    """A poll of one ballot each, with a voter for each of CHOICES."""
    made = await make_poll(database)
    for n, choice in enumerate(CHOICES):
        await cast_one(database, vote(made, voter(n), choice))
    return made


async def tamper(database: Database, *statements: str, **values: object) -> None:
    """Do what no program of ours would."""
    async with database.transaction() as connection:
        for statement in statements:
            await connection.run(
                statement, **{name: value for name, value in values.items() if f":{name}" in statement}
            )


def found(nexus: Command) -> list[str]:
    """The differences that `nexus verify` prints."""
    done = nexus.run("verify")
    *lines, last = done.stdout.splitlines()
    assert (done.returncode, last) == (1, counted(len(lines), "difference")), done.stdout + done.stderr
    return lines


async def test_equal_counts_are_said_to_be_equal(nexus: Command, poll: Poll) -> None:
    assert nexus.says("verify") == EQUAL


VOTE = "INSERT INTO votes (poll_id, epoch, voter, slot, op, choices, cast_at) VALUES "
TAMPERED = {
    "UPDATE options SET votes_count = 7 WHERE id = :first": "votes_count of option {first} is 7, but the votes say 2",
    "UPDATE polls SET voters = 2 WHERE id = :poll": "voters is 2, but the votes say 3",
    "UPDATE polls SET ballots = 9 WHERE id = :poll": "ballots is 9, but the votes say 3",
    "UPDATE votes SET choices = ARRAY[:first, 999999] WHERE poll_id = :poll AND voter = 'user:1000'": (
        "ballots that name option 999999, which does not exist: 1"
    ),
    VOTE + "(:poll, 1, 'user:1000', gen_random_uuid(), gen_random_uuid(), ARRAY[CAST(:first AS bigint)], now())": (
        "voter user:1000 has 2 ballots, more than 1"
    ),
    "DELETE FROM acts WHERE poll_id = :poll AND voter = 'user:1001'": "ballots without an act in the ledger: 1",
}
"""What is done to a poll, and the difference that is found."""


async def test_what_was_tampered_with_is_found_and_mended(nexus: Command, database: Database, poll: Poll) -> None:
    tampered = [await poll_with_votes(database) for _ in TAMPERED]
    for victim, statement in zip(tampered, TAMPERED, strict=True):
        await tamper(database, statement, poll=victim.id, first=victim.options[0].id)
    lines = found(nexus)
    for victim, line in zip(tampered, TAMPERED.values(), strict=True):
        assert f"poll {victim.id}: {line.format(first=victim.options[0].id)}" in lines
    before = (await watch.places(database, [poll.id, *(one.id for one in tampered)])).watches
    assert nexus.says("verify", "--repair") == [*lines, f"{counted(len(lines), 'difference')}, mended"]
    assert nexus.says("verify") == EQUAL
    await assert_counts(database)
    after = (await watch.places(database, list(before))).watches
    # The place moves on, so that screens take what is mended, and only there.
    assert {poll_id for poll_id, one in after.items() if one.place > before[poll_id].place} == {
        one.id for one in tampered
    }
    for one in tampered:
        ballots = await rows(database, "SELECT choices FROM votes WHERE poll_id = :id ORDER BY voter", id=one.id)
        assert ballots == [([one.options[choice].id],) for choice in CHOICES]
    assert await rows(database, "SELECT count(*) FROM audit_log WHERE action = 'repair'") == [(len(tampered),)]


async def test_a_ballot_of_nothing_but_lost_options_is_dropped(nexus: Command, database: Database, poll: Poll) -> None:
    await tamper(database, "UPDATE votes SET choices = '{999999}' WHERE voter = 'user:1001'")
    nexus.says("verify", "--repair")
    assert nexus.says("verify") == EQUAL
    assert await rows(database, "SELECT ballots, voters FROM polls") == [(2, 2)]


async def test_votes_of_no_poll_are_found_and_removed(nexus: Command, database: Database, poll: Poll) -> None:
    await tamper(database, VOTE + "(999, 1, 'user:1', gen_random_uuid(), gen_random_uuid(), '{1}', clock_timestamp())")
    assert found(nexus) == ["poll 999 is gone, but its votes are not: 1 left"]
    nexus.says("verify", "--repair")
    assert nexus.says("verify") == EQUAL
    assert await rows(database, "SELECT count(*) FROM votes") == [(3,)]


async def test_retractions_changes_and_resets_are_no_differences(
    nexus: Command, database: Database, poll: Poll
) -> None:
    several = await make_poll(database, votes_per_user=3, max_choices=2)
    for choices in ((0,), (0, 1), (2, 1)):
        await cast_one(database, vote(several, voter(1), *choices))
    await cast_one(database, vote(poll, voter(0), 2))
    await cast_one(database, retract(poll, voter(1)))
    assert nexus.says("verify") == EQUAL


async def test_progress_is_shown_at_a_terminal_alone(nexus: Command, poll: Poll) -> None:
    assert "recounted" not in nexus.run("verify").stderr
    shown = nexus.at_terminal("verify")
    assert "\r\x1b[Krecounted 1 of 1 polls\r\x1b[K" in shown
    assert shown.endswith("counts equal votes\r\n")


@pytest.fixture
async def redis() -> AsyncIterator[RedisServer]:
    with running_redis() as server:
        yield server


@asynccontextmanager
async def bus_of(redis: RedisServer) -> AsyncIterator[RedisBus]:
    bus = RedisBus(parse_address(redis.url), worker="test")
    await bus.start(Ear())
    yield bus
    await bus.stop()


async def put(redis: RedisServer, database: Database, poll: Poll, **changes: object) -> None:
    """Tell the bus the totals of a poll as the database has them, but for `changes`."""
    totals = (await watch.polls(database, [poll.id]))[poll.id].totals()
    async with bus_of(redis) as bus:
        await bus.publish(TotalsNews(msgspec.structs.replace(totals, **changes)))


async def test_a_bus_that_agrees_is_no_difference(
    nexus: Command, database: Database, poll: Poll, redis: RedisServer
) -> None:
    await put(redis, database, poll)
    assert nexus.says("verify", REDIS_URL=redis.url) == EQUAL


async def test_counters_that_lie_or_lag_on_the_bus_are_found_and_mended(
    nexus: Command, database: Database, poll: Poll, redis: RedisServer
) -> None:
    lagging = await make_poll(database)
    await put(redis, database, lagging)
    await cast_one(database, vote(lagging, voter(1), 0))
    await put(redis, database, poll, voters=99)
    with_bus = Command(nexus.folder, DATABASE_URL=nexus.environment()["DATABASE_URL"], REDIS_URL=redis.url)
    (lies,) = found(with_bus)  # what merely lagged was given what it had missed
    assert lies.startswith(f"poll {poll.id}: the bus says (99, ")
    async with bus_of(redis) as bus:
        caught_up = await bus.newest([lagging.id])
    assert caught_up is not None and caught_up[lagging.id].voters == 1
    with_bus.says("verify", "--repair")
    assert with_bus.says("verify") == EQUAL
    async with bus_of(redis) as bus:
        newest = await bus.newest([poll.id])
    assert newest is not None and newest[poll.id].voters == 3


async def test_a_restored_backup_goes_on_in_a_new_epoch_with_its_ballots(
    nexus: Command, database: Database, poll: Poll, redis: RedisServer
) -> None:
    ballot = vote(poll, voter(5), 2, op=uuid4())
    first = await cast_one(database, ballot)
    event = await make_event(database, "One?")
    await put(redis, database, poll, epoch=3, version=40)  # what screens saw before the backup was restored
    with_bus = Command(nexus.folder, DATABASE_URL=nexus.environment()["DATABASE_URL"], REDIS_URL=redis.url)
    (line,) = found(with_bus)
    assert line.startswith(f"poll {poll.id}: the bus is at epoch ") and line.endswith("which the database has lost")
    with_bus.says("verify", "--repair")
    assert with_bus.says("verify") == EQUAL
    after = (await watch.polls(database, [poll.id]))[poll.id]
    assert after.place > Place(3, 40) and after.epoch == 4
    assert [option.votes_count for option in after.options] == [2, 1, 1]
    again = await cast_one(database, ballot)
    assert (again.status, again.stands, again.epoch) == (Outcome.REPLAYED, True, first.epoch)
    assert await refused(database, vote(poll, voter(6), 0, epoch=1)) == "poll_reset"
    assert (await newest(database, event)).revision > event.revision + 100_000  # of an event the bus keeps nothing


async def test_a_bus_out_of_reach_is_one_line(nexus: Command, poll: Poll) -> None:
    done = nexus.run("verify", REDIS_URL="redis://127.0.0.1:1")
    assert (done.returncode, done.stdout) == (REFUSED, "")
    assert done.stderr.endswith("nexus: REDIS_URL: The bus is out of reach, so its counters cannot be compared.\n")
