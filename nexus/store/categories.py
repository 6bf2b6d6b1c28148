"""Categories: subjects that polls are sorted under."""

from __future__ import annotations

import asyncpg
import msgspec

from nexus.domain.identity import Identity
from nexus.errors import CategoryInUse, CategoryNotFound, CategoryTaken
from nexus.store import audit
from nexus.store.database import Connection, Database, Row
from nexus.store.names import name_key


class Category(msgspec.Struct, frozen=True):
    """A subject; no two have names that people could not tell apart."""

    id: int
    name: str
    description: str


_COLUMNS = "c.id, c.name, c.description"


def _category(row: Row) -> Category:
    return Category(id=row["id"], name=row["name"], description=row["description"])


async def add(database: Database, name: str, description: str, by: Identity) -> Category:
    """Make a category. Raises `CategoryTaken`."""
    async with database.transaction() as connection:
        row = await connection.one(
            "INSERT INTO categories AS c (name, name_key, description) VALUES (:name, :key, :description) "
            f"ON CONFLICT (name_key, name_twin) DO NOTHING RETURNING {_COLUMNS}",
            name=name,
            key=name_key(name),
            description=description,
        )
        if row is None:
            raise CategoryTaken
        category = _category(row)
        await audit.append(connection, by.voter, "create", "category", category.id, name=name, description=description)
        return category


async def page(database: Database, *, limit: int, offset: int) -> tuple[int, list[Category]]:
    """How many categories there are, and one page of them, by name."""
    async with database.read() as connection:
        row = await connection.one("SELECT count(*) AS n FROM categories")
        rows = await connection.all(
            f"SELECT {_COLUMNS} FROM categories c ORDER BY lower(c.name), c.id LIMIT :limit OFFSET :offset",
            limit=limit,
            offset=offset,
        )
    return (row["n"] if row else 0), [_category(one) for one in rows]


async def by_id(database: Database, category: int) -> Category:
    """The category of an id. Raises `CategoryNotFound`."""
    async with database.read() as connection:
        row = await connection.one(f"SELECT {_COLUMNS} FROM categories c WHERE c.id = :category", category=category)
    if row is None:
        raise CategoryNotFound
    return _category(row)


async def patch(database: Database, category: int, values: dict[str, str], by: Identity) -> Category:
    """Change `name`, `description` or both. Raises `CategoryNotFound`, `CategoryTaken`."""
    try:
        async with database.transaction() as connection:
            before = await _locked(connection, category)
            after = msgspec.structs.replace(before, **values)
            if after == before:
                return before
            await connection.run(
                "UPDATE categories SET name = :name, name_key = :key, description = :description, "
                "name_twin = CASE WHEN name_key = :key THEN name_twin ELSE 0 END WHERE id = :category",
                category=category,
                name=after.name,
                key=name_key(after.name),
                description=after.description,
            )
            details = {name: [getattr(before, name), value] for name, value in values.items()}
            await audit.append(connection, by.voter, "update", "category", category, **details)
            return after
    except asyncpg.UniqueViolationError as error:
        raise CategoryTaken from error


async def delete(database: Database, category: int, by: Identity) -> None:
    """Delete a category that no poll is sorted under. Raises `CategoryNotFound`, `CategoryInUse`."""
    try:
        async with database.transaction() as connection:
            before = await _locked(connection, category)
            await connection.run("DELETE FROM categories WHERE id = :category", category=category)
            await audit.append(connection, by.voter, "delete", "category", category, name=before.name)
    except (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError) as error:  # PostgreSQL 15, 18
        raise CategoryInUse from error


async def _locked(connection: Connection, category: int) -> Category:
    row = await connection.one(
        f"SELECT {_COLUMNS} FROM categories c WHERE c.id = :category FOR UPDATE", category=category
    )
    if row is None:
        raise CategoryNotFound
    return _category(row)
