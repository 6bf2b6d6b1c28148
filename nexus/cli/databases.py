"""The database that a command works on, and what it says of it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from nexus.embedded import PrivatePostgres, require_cluster
from nexus.settings import Settings
from nexus.store import schema
from nexus.store.database import Database

T = TypeVar("T")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def running_database(settings: Settings) -> Iterator[str]:
    """The address of the database of the settings; the private one is started if no server runs it, and never made.

    It runs until the end of the `with`, so that a command that asks something in between starts it once.
    """
    if settings.database_url is not None:
        yield settings.database_url
        return
    require_cluster(settings.data)
    with PrivatePostgres(settings.data) as address:
        yield address.url


def with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """The result of `work` on the database, whatever its schema. Raises OperatorError where there is none."""

    async def run(url: str) -> T:
        database = Database(url, size=4)
        await database.connect()
        try:
            return await work(database)
        finally:
            await database.close()

    with running_database(settings) as url:
        return asyncio.run(run(url))


def with_current_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """The same; raises OperatorError too where the schema is not the current one."""

    async def checked(database: Database) -> T:
        schema.require_current(await schema.version(database))
        return await work(database)

    return with_database(settings, checked)
