"""Names of accounts and categories: no two that people could not tell apart (docs/contract.md, "Texts")."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from nexus.domain.alike import fold
from nexus.store.database import Connection

FILLED_AT_ONCE = 1_000
"""Names whose keys are written in one statement."""


def name_key(name: str) -> bytes:
    """What two names that people could not tell apart have in common: a digest, since an index has no room for all
    that compatibility normalization makes of a name."""
    return hashlib.sha256(fold(name).encode()).digest()


async def fill_name_keys(connection: Connection, say: Callable[[str], None]) -> None:
    """Write the keys of all names. Names of former times that share one are numbered: each stays usable."""
    for table, column in (("users", "username"), ("categories", "name")):
        last = 0
        while rows := await connection.raw.fetch(
            f"SELECT id, {column} AS name FROM {table} WHERE id > $1 ORDER BY id LIMIT $2", last, FILLED_AT_ONCE
        ):
            ids, keys = [row["id"] for row in rows], [name_key(row["name"]) for row in rows]
            await connection.raw.execute(
                f"UPDATE {table} n SET name_key = t.key FROM unnest($1::bigint[], $2::bytea[]) AS t (id, key) "
                "WHERE n.id = t.id",
                ids,
                keys,
            )
            last = ids[-1]
        twins = await connection.raw.fetch(
            f"UPDATE {table} n SET name_twin = t.twin FROM (SELECT id, row_number() OVER (PARTITION BY name_key "
            f"ORDER BY id) - 1 AS twin FROM {table}) t WHERE n.id = t.id AND t.twin > 0 RETURNING n.id"
        )
        if twins:
            say(f"{len(twins)} names of {table} look like another one: they stay")
