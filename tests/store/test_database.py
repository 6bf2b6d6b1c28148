"""The pool: what it promises beyond what its libraries do, and by which of their names."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import asyncpg
import pytest

import nexus.store
from nexus.errors import Busy, NexusError, OutcomeUnknown, Unavailable
from nexus.store import database as module
from nexus.store import voting
from nexus.store.database import Connection, Database
from tests.support.ballots import make_poll, vote, voter

PID = "SELECT pg_backend_pid() AS pid"


async def pid_of(connection: Connection) -> int:
    row = await connection.one(PID)
    assert row is not None
    return int(row["pid"])


async def test_two_transactions_of_one_task_are_two(database: Database) -> None:
    async with database.transaction() as one, database.transaction() as other:
        assert await pid_of(one) != await pid_of(other)
        await one.run("CREATE TEMPORARY TABLE seen (n integer) ON COMMIT DROP")
        row = await other.one("SELECT to_regclass('seen') AS found")
        assert row is not None
        assert row["found"] is None


async def test_connection_is_handed_on_by_whatever_task_is_at_work(database_url: str) -> None:
    pool = Database(database_url, size=1)
    await pool.connect()
    held = pool.read()
    first = await pid_of(await asyncio.create_task(held.__aenter__()))
    await asyncio.create_task(held.__aexit__(None, None, None))
    async with pool.read() as connection:
        assert await pid_of(connection) == first
    await pool.close()


async def test_exhausted_pool_is_unavailable_after_a_bounded_wait(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ACQUIRE_S", 0.05)
    pool = Database(database_url, size=1)
    await pool.connect()
    async with pool.read():
        with pytest.raises(Unavailable):
            await pool.read().__aenter__()
    async with pool.read() as connection:
        assert await pid_of(connection)
    await pool.close()


async def test_connection_that_was_left_in_a_transaction_comes_back_without_it(database_url: str) -> None:
    pool = Database(database_url, size=1)
    await pool.connect()
    async with pool.read() as connection:
        left = await pid_of(connection)
        await connection.raw.execute("BEGIN; CREATE TABLE seen (n integer)")
    async with pool.transaction() as connection:
        row = await connection.one("SELECT pg_backend_pid() AS pid, to_regclass('seen') AS found")
        assert row is not None
        assert (row["pid"], row["found"]) == (left, None)
    await pool.close()


async def test_pool_is_closed_once_and_again_and_before_it_was_made(database_url: str) -> None:
    pool = Database(database_url)
    await pool.close()
    await pool.connect()
    await pool.connect()
    async with pool.read() as connection:
        assert await pid_of(connection)
    await pool.close()
    await pool.close()


def test_store_uses_no_private_name_of_its_libraries() -> None:
    private = [
        f"{path.name}: {ast.unparse(node)}"
        for path in Path(nexus.store.__file__).parent.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr.startswith("_")
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
        and not node.attr.startswith("__")
    ]
    assert private == ["listing_counts.py: kept._replace"]  # a NamedTuple's, public in spite of its underscore


SLOW = "SELECT json_build_object('slept', pg_sleep(30))"


async def _at_work(database: Database) -> int:
    """The backend that sleeps."""
    while True:
        async with database.read() as connection:
            row = await connection.one(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            )
        if row is not None:
            return int(row["pid"])


@pytest.mark.parametrize(
    ("ends", "error"), [("pg_cancel_backend", Unavailable), ("pg_terminate_backend", OutcomeUnknown)]
)
async def test_a_call_is_undone_where_the_server_says_so_and_unknown_otherwise(
    database: Database, ends: str, error: type[NexusError]
) -> None:
    call = asyncio.create_task(database.call(SLOW, within_s=20))
    async with asyncio.timeout(10):
        pid = await _at_work(database)
        async with database.read() as connection:
            await connection.one(f"SELECT {ends}(:pid)", pid=pid)
        with pytest.raises(Unavailable) as caught:
            await call
    assert type(caught.value) is error


async def test_a_call_that_takes_too_long_is_unknown(database: Database) -> None:
    with pytest.raises(OutcomeUnknown):
        await database.call(SLOW, within_s=0.01)


async def test_a_call_that_finds_a_lock_taken_is_busy(database: Database) -> None:
    poll = await make_poll(database)
    async with database.transaction() as holder:
        await holder.run("ALTER FUNCTION record_ballots SET lock_timeout = '10ms'")
        await holder.raw.execute("COMMIT; BEGIN")
        await holder.run("SELECT 1 FROM polls WHERE id = :id FOR NO KEY UPDATE", id=poll.id)
        with pytest.raises(Busy):
            await voting.record(database, [vote(poll, voter(1), 0)])


async def test_a_call_that_nobody_can_take_up_is_unavailable(database_url: str) -> None:
    nowhere = Database(database_url.replace("postgresql://", "postgresql://nobody_"), size=1)
    await nowhere.connect()
    with pytest.raises(Unavailable) as caught:
        await nowhere.call("SELECT 1", within_s=5)
    assert type(caught.value) is Unavailable
    await nowhere.close()


async def test_a_call_with_a_fault_of_its_own_says_which(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedColumnError):
        await database.call("SELECT nothing", within_s=5)
