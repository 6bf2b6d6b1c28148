"""Real servers for the tests: one PostgreSQL a run, and in it a migrated database of each test's own; a browser."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from nexus.store.database import Database
from nexus.store.schema import migrate
from tests.support.postgres_server import PostgresServer, migrated_database, new_database, once, shared_server
from tests.support.rest import Rest, open_rest

if TYPE_CHECKING:
    from tests.support.browser import Chromium


GIVEN = os.environ.get("NEXUS_TEST_DATABASE_URL")
FOLDER = pytest.StashKey[Path]()
"""A folder of this run's own, in memory where there is plenty of it: a database costs several flushes otherwise."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder, which the workers of pytest-xdist are told of."""
    gc.disable()  # until everything is collected: a quarter of collecting's time is spent on looking for cycles
    if told := getattr(config, "workerinput", None):
        config.stash[FOLDER] = Path(told["folder"])
        return
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > 4 * 2**30
    made = tempfile.TemporaryDirectory(prefix="nexus-test-", dir=memory if roomy else None)
    config.add_cleanup(made.cleanup)
    config.stash[FOLDER] = Path(made.name)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of the folder."""
    node.workerinput["folder"] = str(node.config.stash[FOLDER])


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--database`, for a run on another PostgreSQL than the last."""
    parser.addoption("--database", action="store_true", help="run only what uses the PostgreSQL that tests share")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what `--database` leaves out: tests without the fixture `postgres`, be it by way of others."""
    if config.getoption("--database"):
        kept: list[pytest.Item] = []
        others: list[pytest.Item] = []
        for item in items:
            (kept if "postgres" in getattr(item, "fixturenames", ()) else others).append(item)
        config.hook.pytest_deselected(items=others)
        items[:] = kept


def pytest_collection_finish() -> None:
    """What collection has made stays: the cycle collector looks at it no more."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def postgres(pytestconfig: pytest.Config) -> Iterator[PostgresServer]:
    """The server of this run: that of NEXUS_TEST_DATABASE_URL, else a private one, which the workers share."""
    # A loop of its own, never set as the current one: tests bring theirs.
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        server_url = nullcontext(GIVEN) if GIVEN else shared_server(pytestconfig.stash[FOLDER], runner)
        with server_url as url, closing(PostgresServer(url, runner)) as server:
            yield server


@pytest.fixture(scope="session")
def template(postgres: PostgresServer, pytestconfig: pytest.Config) -> Iterator[str]:
    """The name of a migrated database without rows, to copy."""
    if GIVEN:  # each worker leaves nothing behind there
        with new_database(postgres) as url:
            postgres.runner.run(_migrate(url))
            yield urlsplit(url).path.removeprefix("/")
        return
    with once(pytestconfig.stash[FOLDER], "template") as first:
        if first:
            postgres.run("CREATE DATABASE nexus_template")
            postgres.runner.run(_migrate(postgres.url_of("nexus_template")))
    yield "nexus_template"


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
