"""What `nexus serve` does for its database: waits for it, fills an empty one, and keeps a private one running."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nexus.access.passwords import Passwords
from nexus.embedded import EmbeddedError, PrivatePostgres, postmaster
from nexus.errors import Unavailable
from nexus.store import accounts, schema
from nexus.store.accounts import User
from nexus.store.database import Database

logger = logging.getLogger(__name__)

DATABASE_WAIT_S = 60.0
"""How long a start waits for a database that is not up yet, such as one that starts at the same time."""
LOOK_S = 1.0
"""Between two looks at whether the private PostgreSQL is still alive."""
ADMIN = "admin"
"""The first account of a new data folder."""


async def prepare(url: str, made: Callable[[str], None], *, private: bool) -> User | None:
    """Bring an empty database to the schema; a private one without accounts gets an admin, whose password `made` gets.

    Returns the first administrator, None where there is none.
    Raises SchemaError for a filled database of another version: changing that is left to `nexus migrate`.
    """
    database = Database(url, size=2)
    await database.connect()
    try:
        found = await _found(database)
        if found == 0:
            await schema.migrate(database, logger.info)
        else:
            schema.require_current(found)
        if private:
            await _first_admin(database, made)
        return await accounts.first_admin(database)
    finally:
        await database.close()


async def _found(database: Database) -> int:
    """The version of the schema, once the database is there. Raises Unavailable after `DATABASE_WAIT_S`."""
    pause_s, waited_s = 0.2, 0.0
    while True:
        try:
            return await schema.version(database)
        except Unavailable as error:
            if waited_s >= DATABASE_WAIT_S:
                raise
            if not waited_s:
                logger.warning(
                    "the database is out of reach; waiting up to %.0f s for it: %s", DATABASE_WAIT_S, error.__cause__
                )
        await asyncio.sleep(pause_s)
        waited_s += pause_s
        pause_s = min(2.0, pause_s * 1.5)


async def _first_admin(database: Database, made: Callable[[str], None]) -> None:
    if await accounts.are_any(database):
        return
    password = secrets.token_urlsafe(12)
    passwords = Passwords(threads=1)
    try:
        hashed = await passwords.hash(password)
    finally:
        passwords.close()
    with _signals_deferred():  # an account whose password nobody has seen would be useless
        await accounts.add(database, ADMIN, None, hashed, admin=True, by="cli")
        made(password)


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Signals that would end the process wait for the end of the `with`; in the main thread only."""
    came: list[int] = []
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.signal(number, lambda number, frame: came.append(number)) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
        for raised in came:
            signal.raise_signal(raised)


@contextmanager
def kept_up(server: PrivatePostgres, data: Path) -> Iterator[None]:
    """Start the private PostgreSQL again whenever it has died: nothing else would."""
    ended = threading.Event()
    keeper = threading.Thread(target=_keep_up, args=(server, data.resolve() / "postgres", ended), daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()


def _keep_up(server: PrivatePostgres, cluster: Path, ended: threading.Event) -> None:
    while not ended.wait(LOOK_S):
        found = postmaster.read(cluster)
        if found is not None and postmaster.lives(cluster, found.pid):
            continue
        logger.warning("the private PostgreSQL has died; starting it again")
        try:
            server.start()
        except EmbeddedError as error:
            logger.error("cannot start the private PostgreSQL: %s", error)
