"""Real servers for the tests: one PostgreSQL a run, and in it a migrated database of each test's own; a browser."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from nexus.embedded import PrivatePostgres
from nexus.store.database import Database
from nexus.store.schema import migrate
from tests.support.postgres_server import PostgresServer, migrated_database
from tests.support.rest import Rest, open_rest

if TYPE_CHECKING:
    from tests.support.browser import Chromium


def _folder() -> tempfile.TemporaryDirectory[str]:
    """In memory where there is plenty: a test's database costs several flushes to the disk otherwise."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 * 2**30
    return tempfile.TemporaryDirectory(prefix="nexus-test-", dir=memory if roomy else None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server of this run: the one of NEXUS_TEST_DATABASE_URL, else a private one that ends with it."""
    # A loop of its own, never set as the current one: tests bring theirs.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        given = os.environ.get("NEXUS_TEST_DATABASE_URL")
        if given:
            yield PostgresServer(given, runner)
            return
        with _folder() as folder, PrivatePostgres(Path(folder)) as address:
            yield PostgresServer(address.url, runner)


@pytest.fixture(scope="session")
def template(postgres: PostgresServer) -> Iterator[str]:
    """The name of a migrated database without rows, to copy."""
    name = f"nexus_template_{secrets.token_hex(6)}"
    postgres.run(f"CREATE DATABASE {name}")
    postgres.runner.run(_migrate(postgres.url_of(name)))
    yield name
    postgres.drop(name)


async def _migrate(url: str) -> None:
    database = Database(url)
    await database.connect()
    try:
        await migrate(database, lambda line: None)
    finally:
        await database.close()


@pytest.fixture
def database_url(postgres: PostgresServer, template: str) -> Iterator[str]:
    """The URL of a migrated database of this test's own."""
    with migrated_database(postgres, template) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(postgres: PostgresServer, template: str) -> Iterator[str]:
    """The URL of a migrated database that the tests of one file share."""
    with migrated_database(postgres, template) as url:
        yield url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A connected pool on this test's own database."""
    pool = Database(database_url)
    await pool.connect()
    yield pool
    await pool.close()


@pytest.fixture
async def rest(database: Database) -> AsyncIterator[Rest]:
    """The REST edge on a database of this test's own."""
    async with open_rest(database) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Chromium]:
    """The browser of this worker; `tests/support/browser.py` says how to use it."""
    from tests.support.browser import (
        launched,  # Playwright takes long to import, and most runs of a few tests do without
    )

    async with launched() as browser:
        yield browser
