"""The tables: an empty database gets `schema.sql`, one with data the numbered steps that it lacks."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import asyncpg

from nexus.errors import OperatorError
from nexus.store.database import LONG_S, Connection, Database
from nexus.store.names import fill_name_keys
from nexus.store.searchable import fill_words, fill_words_of_accounts

VERSION = 6
"""The version that this code wants, and that `schema.sql` makes."""

# The advisory lock of a migration.
_LOCK = 7305808869229539

# A step on a large table takes as long as it takes; a second migration waits for the first.
_WAIT = "SET LOCAL lock_timeout = '0'; SET LOCAL idle_in_transaction_session_timeout = '10min'"

_TABLES = [
    *("users", "refresh_tokens", "categories", "polls", "poll_members", "options", "rounds", "votes", "acts"),
    *("audit_log", "audit_head", "schema_version", "invitations", "deleted_users"),
    *("pairings", "brands", "logos"),
    *("codes", "events", "event_hosts", "event_members"),
]


Fill = Callable[[Connection, Callable[[str], None]], Awaitable[None]]
"""What of a step SQL cannot write; it is told whom to tell of its progress."""

FILLS: Mapping[int, tuple[Fill, ...]] = {3: (fill_name_keys, fill_words_of_accounts, fill_words)}
"""The steps that Python has a part in: it comes where their SQL has the line `FILL`."""

FILL = "-- Here the fill of this step runs (FILLS in nexus/store/schema.py)."


class SchemaError(OperatorError):
    """The database's schema is not what this code can bring forward; one line says why."""


_FOREIGN = "The database holds tables of another program: Nexus needs its own database."


async def version(database: Database) -> int:
    """The schema's version; 0 for an empty database. Raises `SchemaError` for another program's database."""
    async with database.read() as connection:
        return await _version(connection)


def require_current(found: int) -> None:
    """Raises `SchemaError`, in words for people, where the version `found` is not the one this code wants."""
    if found > VERSION:
        raise SchemaError(f"The database has schema {found}, newer than this version of Nexus, which knows {VERSION}.")
    if found != VERSION:
        raise SchemaError(f"The database has schema {found}, this Nexus needs {VERSION}: run nexus migrate.")


async def migrate(database: Database, say: Callable[[str], None]) -> int:
    """Bring the database to `VERSION`, telling `say` each step; returns the version it had. Raises `SchemaError`.

    Safe to run twice, and from two places at once: the lock belongs to the transaction, so it holds through a pooler.
    """
    try:
        async with database.transaction(_WAIT, within_s=LONG_S) as connection:
            await connection.raw.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
            before = await _version(connection)
            if before > VERSION:
                require_current(before)
            await _bring_forward(connection, before, say)
            return before
    except asyncpg.PostgresError as error:
        raise SchemaError(f"The schema could not be brought to {VERSION}: {str(error).splitlines()[0]}.") from error


async def _bring_forward(connection: Connection, before: int, say: Callable[[str], None]) -> None:
    if before == 0:
        say(f"creating schema {VERSION}")
        await connection.raw.execute(_schema().read_text("utf-8"))
        await _record(connection, VERSION)
        return
    for number, step in sorted(steps().items()):
        if before < number <= VERSION:
            say(f"step {number}: {step.name}")
            first, _, second = step.read_text("utf-8").partition(FILL)
            await connection.raw.execute(first)
            for fill in FILLS.get(number, ()):
                await fill(connection, say)
            if second:
                await connection.raw.execute(second)
            await _record(connection, number)


async def _version(connection: Connection) -> int:
    rows = await connection.all(
        "SELECT name FROM unnest(CAST(:names AS text[])) AS t (name) WHERE to_regclass(name) IS NOT NULL",
        names=_TABLES,
    )
    found = {row["name"] for row in rows}
    if not found:
        return 0
    if "schema_version" not in found:
        raise SchemaError(_FOREIGN)
    try:
        row = await connection.one("SELECT max(version)::integer AS version FROM schema_version")
    except asyncpg.SyntaxOrAccessError as error:
        raise SchemaError(_FOREIGN) from error
    if row is None or not row["version"]:
        raise SchemaError(_FOREIGN)
    return int(row["version"])


async def _record(connection: Connection, number: int) -> None:
    await connection.run("INSERT INTO schema_version (version) VALUES (:number)", number=number)


def steps() -> dict[int, Traversable]:
    """The numbered steps: `0002_what_it_does.sql` brings version 1 to 2."""
    found = {}
    for entry in files("nexus.store.migrations").iterdir():
        if match := re.fullmatch(r"(\d{4})_\w+\.sql", entry.name):
            found[int(match[1])] = entry
    return found


def _schema() -> Traversable:
    """In a wheel the file lies in the package, in a checkout beside it."""
    packaged = files("nexus") / "schema.sql"
    return packaged if packaged.is_file() else Path(__file__).parents[2] / "schema.sql"
