"""The schema: a new database and one brought forward end alike, and the audit log takes no change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from nexus.store import audit, schema
from nexus.store.database import Database
from tests.support.ballots import rows
from tests.support.postgres_server import PostgresServer, new_database

STEP = """
ALTER TABLE categories ADD COLUMN colour text NOT NULL DEFAULT '' CHECK (char_length(colour) <= 20);
CREATE INDEX categories_colour ON categories (colour);
"""
CATALOG = """
SELECT 'column' AS kind, c.relname::text AS name, a.attname::text AS part, concat_ws(' ',
    format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END, a.attidentity::text,
    a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid)) AS text
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
UNION ALL SELECT 'table', relname, relkind::text, concat_ws(' ', reloptions::text, obj_description(oid, 'pg_class'))
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
UNION ALL SELECT 'index', tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname, pg_get_triggerdef(oid)
FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, '', concat_ws(' ', pg_get_functiondef(oid), obj_description(oid, 'pg_proc'))
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3, 4
"""
"""All that a schema consists of, but for the order of columns, which a later step cannot choose."""


@pytest.fixture
def urls(postgres: PostgresServer) -> Iterator[tuple[str, str]]:
    """Two empty databases."""
    with new_database(postgres) as one, new_database(postgres) as other:
        yield one, other


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, size=2)
    await database.connect()
    yield database
    await database.close()


async def versions(database: Database) -> list[object]:
    """The versions that the database was brought to, in order."""
    return [version for (version,) in await rows(database, "SELECT version FROM schema_version ORDER BY applied_at")]


async def catalog(database: Database) -> list[tuple[object, ...]]:
    return list(await rows(database, CATALOG))


def learn_step(folder: Path, monkeypatch: pytest.MonkeyPatch, sql: str) -> int:
    """From now on Nexus is one version further, by the step `sql`; returns the version."""
    number = schema.VERSION + 1
    step, later, whole = (
        folder / f"{number:04}_colours.sql",
        folder / f"{number + 1:04}_later.sql",
        folder / "schema.sql",
    )
    step.write_text(sql)
    later.write_text("SELECT nothing")  # of a version that is not out yet
    whole.write_text(schema._schema().read_text("utf-8") + sql)
    known = schema.steps()
    monkeypatch.setattr(schema, "steps", lambda: known | {number: step, number + 1: later})
    monkeypatch.setattr(schema, "_schema", lambda: whole)
    monkeypatch.setattr(schema, "VERSION", number)
    return number


async def test_steps_are_numbered_without_gaps_up_to_the_version() -> None:
    assert sorted(schema.steps()) == list(range(2, schema.VERSION + 1))


async def test_both_ways_to_a_version_end_alike(
    urls: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(urls[0]) as forward, opened(urls[1]) as fresh:
        await schema.migrate(forward, _silent)
        number = learn_step(tmp_path, monkeypatch, STEP)
        said: list[str] = []
        assert await schema.migrate(forward, said.append) == number - 1
        assert said == [f"step {number}: {number:04}_colours.sql"]
        assert await schema.migrate(fresh, said.append) == 0
        assert await versions(forward) == [number - 1, number]
        assert await versions(fresh) == [number]
        assert await catalog(forward) == await catalog(fresh)
        assert ("column", "categories", "colour") in {row[:3] for row in await catalog(fresh)}


async def test_a_step_that_fails_leaves_everything_as_it_was(
    urls: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(urls[0]) as database:
        await schema.migrate(database, _silent)
        before = await catalog(database)
        number = learn_step(tmp_path, monkeypatch, f"{STEP} SELECT nothing;")
        with pytest.raises(schema.SchemaError, match=r'could not be brought to \d+: column "nothing" does not exist'):
            await schema.migrate(database, _silent)
        assert await catalog(database) == before
        assert await versions(database) == [number - 1]


def _silent(line: str) -> None:
    """Nobody reads it."""


async def test_schema_sql_is_the_first_schema_and_every_step(urls: tuple[str, str]) -> None:
    first = Path(__file__).parent / "schema_1.sql"
    async with opened(urls[0]) as forward, opened(urls[1]) as fresh:
        async with forward.transaction() as connection:
            await connection.raw.execute(first.read_text("utf-8"))
            await connection.run("INSERT INTO schema_version (version) VALUES (1)")
        await schema.migrate(forward, _silent)
        await schema.migrate(fresh, _silent)
        assert await catalog(forward) == await catalog(fresh)


async def _entries(database: Database, n: int) -> None:
    for number in range(n):
        async with database.transaction() as connection:
            await audit.append(
                connection, "user:1", "create", "poll", number, question="Größe?", choices=[1, None, 2.5]
            )


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_log SET action = 'x' WHERE id = 2", "DELETE FROM audit_log", "TRUNCATE audit_log"],
)
async def test_the_audit_log_is_only_ever_appended_to(database: Database, statement: str) -> None:
    await _entries(database, 3)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="audit_log is only ever appended to"):
        async with database.transaction() as connection:
            await connection.run(statement)
    assert await rows(database, "SELECT count(*) FROM audit_log") == [(3,)]


async def test_entries_are_numbered_and_chained_by_the_database_alone(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.run(
            """INSERT INTO audit_log (id, "user", action, target_type, target_id, "timestamp", details, previous, hash)
            VALUES (99, 'user:1', 'create', 'poll', '1', '2001-01-01', '{}', '\\x01', '\\x02')"""
        )
    await _entries(database, 2)
    assert await rows(
        database, "SELECT array_agg(id ORDER BY id), min(\"timestamp\") > '2020-01-01' FROM audit_log"
    ) == [([1, 2, 3], True)]
    assert await broken_links(database) == []


async def test_appenders_at_once_leave_one_chain(database: Database) -> None:
    await asyncio.gather(*(_entries(database, 5) for _ in range(5)))
    assert await rows(database, "SELECT count(*), max(id) FROM audit_log") == [(25, 25)]
    assert await broken_links(database) == []


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE audit_log SET details = '{}' WHERE id = 2", [2]),
        ('UPDATE audit_log SET "timestamp" = "timestamp" + interval \'1 microsecond\' WHERE id = 3', [3]),
        (
            "UPDATE audit_log SET action = 'x' WHERE id = 2; UPDATE audit_log a SET hash = audit_hash(a) WHERE id = 2",
            [3],
        ),
        ("DELETE FROM audit_log WHERE id = 2", [3]),
    ],
)
async def test_a_row_that_was_altered_behind_its_back_is_found(
    database: Database, change: str, broken: list[int]
) -> None:
    await _entries(database, 4)
    async with database.transaction() as connection:
        await connection.raw.execute(f"ALTER TABLE audit_log DISABLE TRIGGER audit_refuse; {change}")
    assert await broken_links(database) == broken


async def broken_links(database: Database) -> list[object]:
    """Rows whose hash is not `audit_hash` of them, or that do not follow the row before."""
    found = await rows(
        database,
        """
        SELECT id FROM (SELECT a.id, a.hash <> audit_hash(a) AS altered,
            a.previous <> lag(a.hash, 1, ''::bytea) OVER (ORDER BY a.id) AS parted FROM audit_log a) checked
        WHERE altered OR parted ORDER BY id
        """,
    )
    return [row_id for (row_id,) in found]
