"""A PostgreSQL for tests, and new databases in it: empty ones, and migrated ones."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg


@dataclass(frozen=True)
class PostgresServer:
    """A PostgreSQL in which databases can be made; driven from plain functions, so any test may use it."""

    url: str
    runner: asyncio.Runner

    def run(self, statement: str) -> None:
        """Run one statement in the server's own database."""
        self.runner.run(self._run(statement))

    def drop(self, name: str) -> None:
        """Drop a database, even while others are connected to it."""
        try:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")
        except asyncpg.InsufficientPrivilegeError:  # autovacuum, which only a superuser may end; it leaves by itself
            self.run(f"DROP DATABASE {name}")

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def url_of(self, name: str) -> str:
        """The URL of another database of this server."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))


@contextmanager
def new_database(postgres: PostgresServer, sql: str = "") -> Iterator[str]:
    """The URL of a new database in which `sql` was run; call it where no event loop runs, as in a plain fixture."""
    name = f"nexus_test_{secrets.token_hex(6)}"
    postgres.run(f"CREATE DATABASE {name}")
    try:
        if sql:
            PostgresServer(postgres.url_of(name), postgres.runner).run(sql)
        yield postgres.url_of(name)
    finally:
        postgres.drop(name)


@contextmanager
def migrated_database(postgres: PostgresServer, template: str) -> Iterator[str]:
    """The URL of a migrated database, a copy of `template`; call it where no event loop runs."""
    name = f"nexus_test_{secrets.token_hex(6)}"
    postgres.run(f"CREATE DATABASE {name} TEMPLATE {template}")
    try:
        yield postgres.url_of(name)
    finally:
        postgres.drop(name)
