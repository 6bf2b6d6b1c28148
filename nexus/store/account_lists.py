"""Accounts as administrators find them: by name or address, state and role."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from nexus.domain.searching import clauses
from nexus.store.database import Connection, Database, Row
from nexus.store.searchable import tsquery

State = Literal["active", "invited", "disabled"]
"""`invited` accounts have no password yet; a disabled one is `disabled`, with a password or without."""

Ordering = Literal["username", "-username", "created_at", "-created_at"]


class Entry(msgspec.Struct, frozen=True):
    """One account. `invited_until` is the end of a link that can still set its password; `polls` are those it owns."""

    id: int
    username: str
    email: str | None
    admin: bool
    disabled: bool
    has_password: bool
    invited_until: datetime | None
    polls: int
    created_at: datetime


class SoughtAccounts(msgspec.Struct, frozen=True, kw_only=True):
    """Which accounts to list: those whose name or address contains `search`, or is found by it as polls are."""

    search: str = ""
    state: State | None = None
    admin: bool | None = None
    ordering: Ordering = "username"


_COLUMNS = (
    "u.id, u.username, u.email, u.is_admin AS admin, u.disabled_at IS NOT NULL AS disabled, "
    "u.password_hash IS NOT NULL AS has_password, "
    "CASE WHEN i.expires_at > clock_timestamp() AND u.disabled_at IS NULL THEN i.expires_at END AS invited_until, "
    "(SELECT count(*) FROM polls p WHERE p.created_by = 'user:' || u.id) AS polls, u.created_at"
)

_STATES = {
    "active": "u.disabled_at IS NULL AND u.password_hash IS NOT NULL",
    "invited": "u.disabled_at IS NULL AND u.password_hash IS NULL",
    "disabled": "u.disabled_at IS NOT NULL",
}

_ORDERINGS = {
    "username": "lower(u.username), u.id",
    "-username": "lower(u.username) DESC, u.id DESC",
    "created_at": "u.id",
    "-created_at": "u.id DESC",
}


async def page(database: Database, sought: SoughtAccounts, *, limit: int, offset: int) -> tuple[int, list[Entry]]:
    """How many accounts match, and one page of them."""
    terms, values = ["true"], dict[str, object]()
    if sought.search:
        # Not LIKE: what is sought may hold its wildcards.
        terms.append(
            "(position(lower(:search) IN lower(u.username)) > 0 OR position(lower(:search) IN lower(u.email)) > 0 "
            "OR u.words @@ CAST(CAST(:words AS text) AS tsquery))"
        )
        values |= {"search": sought.search, "words": tsquery(clauses(sought.search))}
    if sought.state is not None:
        terms.append(_STATES[sought.state])
    if sought.admin is not None:
        terms.append("u.is_admin = :admin")
        values["admin"] = sought.admin
    where = " AND ".join(terms)
    async with database.read() as connection:
        row = await connection.one(f"SELECT count(*) AS n FROM users u WHERE {where}", **values)
        rows = await connection.all(
            f"SELECT {_COLUMNS} FROM (SELECT * FROM users u WHERE {where} ORDER BY {_ORDERINGS[sought.ordering]} "
            "LIMIT :limit OFFSET :offset) u LEFT JOIN invitations i ON i.user_id = u.id "
            f"ORDER BY {_ORDERINGS[sought.ordering]}",
            limit=limit,
            offset=offset,
            **values,
        )
    return (row["n"] if row else 0), [_entry(one) for one in rows]


async def by_id(database: Database, user: int) -> Entry | None:
    """The account of an id, None where there is none."""
    async with database.read() as connection:
        return await read(connection, user)


async def read(connection: Connection, user: int) -> Entry | None:
    """The same within a transaction."""
    row = await connection.one(
        f"SELECT {_COLUMNS} FROM users u LEFT JOIN invitations i ON i.user_id = u.id WHERE u.id = :user", user=user
    )
    return None if row is None else _entry(row)


async def everyone(database: Database) -> list[Entry]:
    """Every account, by id."""
    async with database.read() as connection:
        rows = await connection.all(
            f"SELECT {_COLUMNS} FROM users u LEFT JOIN invitations i ON i.user_id = u.id ORDER BY u.id"
        )
    return [_entry(row) for row in rows]


def _entry(row: Row) -> Entry:
    return Entry(**{name: row[name] for name in Entry.__struct_fields__})
