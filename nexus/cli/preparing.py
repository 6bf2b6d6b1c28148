"""What `nexus serve` does for its database: waits for it, fills an empty one, and keeps a private one up."""

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
from nexus.store.database import Database

log = logging.getLogger("nexus.serve")

DATABASE_WAIT_S = 60.0
"""How long a start waits for a database that is not up yet, as when both start together."""
LOOK_S = 1.0
ADMIN = "admin"
"""The account that a fresh data folder begins with."""


async def prepare(url: str, made: Callable[[str], None], *, private: bool) -> None:
    """Bring an empty database to the schema; a private one without accounts gets an admin, `made` its password.

    Raises SchemaError for a filled database of another version: changing that is `nexus migrate`'s to do.
    """
    database = Database(url, size=2)
    await database.connect()
    try:
        found = await _found(database)
        if found == 0:
            await schema.migrate(database, log.info)
        else:
            schema.require_current(found)
        if private:
            await _first_admin(database, made)
    finally:
        await database.close()


async def _found(database: Database) -> int:
    """The schema's version, once the database is there; raises Unavailable after `DATABASE_WAIT_S`."""
    pause_s, waited_s = 0.2, 0.0
    while True:
        try:
            return await schema.version(database)
        except Unavailable as error:
            if waited_s >= DATABASE_WAIT_S:
                raise
            if not waited_s:
                log.warning("the database is out of reach, waiting up to %.0f s: %s", DATABASE_WAIT_S, error.__cause__)
        await asyncio.sleep(pause_s)
        waited_s += pause_s
        pause_s = min(2.0, pause_s * 1.5)


async def _first_admin(database: Database, made: Callable[[str], None]) -> None:
    if await accounts.all_users(database):
        return
    password = secrets.token_urlsafe(12)
    passwords = Passwords(threads=1)
    try:
        hashed = await passwords.hash(password)
    finally:
        passwords.close()
    with _signals_deferred():  # an account whose password nobody was told would be of no use
        await accounts.add(database, ADMIN, None, hashed, admin=True, by="cli")
        made(password)


@contextmanager
def _signals_deferred() -> Iterator[None]:
    """Signals that would end the process wait for the end of the `with`; in the main thread alone."""
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
    """Start the private PostgreSQL anew whenever it has died: nobody else would."""
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
        log.warning("the private PostgreSQL has died; it is started again")
        try:
            server.start()
        except EmbeddedError as error:
            log.error("the private PostgreSQL does not start: %s", error)
