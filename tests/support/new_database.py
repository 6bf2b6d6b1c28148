"""New databases for tests: empty ones, for tests of the schema and of what begins with none, and migrated ones."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import PostgresServer


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
    """The URL of a migrated database, which a whole module may share; call it where no event loop runs."""
    name = f"nexus_test_{secrets.token_hex(6)}"
    postgres.run(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield postgres.url_of(name)
    postgres.drop(name)
