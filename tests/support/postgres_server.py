"""A PostgreSQL for tests, and new databases in it: empty ones, and migrated ones."""

from __future__ import annotations

import asyncio
import fcntl
import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from nexus.embedded import PrivatePostgres


class PostgresServer:
    """A PostgreSQL in which databases can be made; driven from plain functions, so any test may use it.

    `url` is one of its databases. It keeps one connection there until `close`.
    """

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self.url = url
        self.runner = runner
        self._connection: asyncpg.Connection | None = None

    def run(self, statement: str) -> None:
        """Run one statement in the server's own database."""
        self.runner.run(self._run(statement))

    def drop(self, name: str) -> None:
        """Drop a database, even while others are connected to it."""
        try:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")
        except asyncpg.InsufficientPrivilegeError:  # autovacuum, which only a superuser may end; it leaves by itself
            self.run(f"DROP DATABASE {name}")

    def url_of(self, name: str) -> str:
        """The URL of another database of this server."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def close(self) -> None:
        """Close its connection."""
        if self._connection is not None:
            self.runner.run(self._connection.close())

    async def _run(self, statement: str) -> None:
        if self._connection is None or self._connection.is_closed():
            self._connection = await asyncpg.connect(self.url)
        await self._connection.execute(statement)


@contextmanager
def once(folder: Path, name: str) -> Iterator[bool]:
    """Whether this is the first of the processes that share `folder` to do what is named; the others wait for it."""
    done = folder / f"{name}.done"
    with (folder / f"{name}.turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield not done.exists()
        done.touch()


@contextmanager
def shared_server(folder: Path, runner: asyncio.Runner) -> Iterator[str]:
    """The URL of the private PostgreSQL of `folder`, which ends with the last of the processes that use it."""
    with once(folder, "cluster") as first:
        if first:
            with PrivatePostgres(folder) as address, closing(PostgresServer(address.url, runner)) as server:
                # The password is as long as a key: to hash it 4096 times at each login adds nothing to it.
                server.run(f"SET scram_iterations = 1; ALTER ROLE {address.user} PASSWORD '{address.password}'")
            (folder / "postgres" / "postgresql.auto.conf").write_text("max_connections = 400\n")
    with PrivatePostgres(folder) as address:
        yield address.url


@contextmanager
def new_database(postgres: PostgresServer, sql: str = "") -> Iterator[str]:
    """The URL of a new database in which `sql` was run; call it where no event loop runs, as in a plain fixture."""
    name = f"nexus_test_{secrets.token_hex(6)}"
    postgres.run(f"CREATE DATABASE {name}")
    try:
        if sql:
            with closing(PostgresServer(postgres.url_of(name), postgres.runner)) as made:
                made.run(sql)
        yield postgres.url_of(name)
    finally:
        postgres.drop(name)


@contextmanager
def migrated_database(postgres: PostgresServer, template: str) -> Iterator[str]:
    """The URL of a migrated database, a copy of `template`; call it where no event loop runs."""
    name = f"nexus_test_{secrets.token_hex(6)}"
    # Files are copied, and not page by page through the write-ahead log: half the work.
    postgres.run(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    try:
        yield postgres.url_of(name)
    finally:
        postgres.drop(name)
