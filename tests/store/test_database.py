"""The pool: what it promises beyond what its libraries do, and by which of their names."""

from __future__ import annotations

import ast
import asyncio
from pathlib import Path

import pytest

import nexus.store
from nexus.errors import Unavailable
from nexus.store import database as module
from nexus.store.database import Connection, Database

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
