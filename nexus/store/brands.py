"""Brands: what operators and hosts have set, and their logos."""

from __future__ import annotations

from collections.abc import Sequence

from nexus.domain.brand import SITE, Brand, Logo, Stage, logo_place
from nexus.domain.identity import Identity
from nexus.store import audit
from nexus.store.accounts import refuse_deleted
from nexus.store.database import Connection, Database, Row

_COLUMNS = "b.owner, b.name, b.accent, b.stage, b.logo, l.width, l.height"
_JOINED = "brands b LEFT JOIN logos l ON l.digest = b.logo"
# Two who remove the same logo at the same instant leave it to the next sweep: that a row exists is not enough.
_USED = "logos l WHERE l.digest = ANY(:digests) AND EXISTS (SELECT 1 FROM brands b WHERE b.logo = l.digest)"


async def of_owners(database: Database, owners: Sequence[str]) -> dict[str, Brand]:
    """The brands of those of `owners` that have set one."""
    async with database.read() as connection:
        rows = await connection.all(
            f"SELECT {_COLUMNS} FROM {_JOINED} WHERE b.owner = ANY(:owners)", owners=list(owners)
        )
    return {row["owner"]: _brand(row) for row in rows}


async def logos(database: Database, digests: Sequence[str]) -> dict[str, bytes]:
    """The PNGs of those of `digests` that are in use."""
    async with database.read() as connection:
        rows = await connection.all(f"SELECT l.digest, l.png FROM {_USED}", digests=list(digests))
    return {row["digest"]: bytes(row["png"]) for row in rows}


async def logos_in_use(database: Database, digests: Sequence[str]) -> dict[str, bool]:
    """Those of `digests` that a brand has, each with True."""
    async with database.read() as connection:
        rows = await connection.all(f"SELECT l.digest FROM {_USED}", digests=list(digests))
    return {row["digest"]: True for row in rows}


async def put(database: Database, owner: str, name: str, accent: str | None, stage: Stage, by: Identity) -> Brand:
    """Set everything of a brand but its logo. Raises `Unauthenticated` where the account is deleted."""
    async with database.transaction() as connection:
        before = await _held(connection, owner)
        await connection.run(
            "UPDATE brands SET name = :name, accent = :accent, stage = :stage, updated_at = clock_timestamp() "
            "WHERE owner = :owner",
            owner=owner,
            name=name,
            accent=accent,
            stage=stage,
        )
        return await _changed(connection, owner, before, by)


async def put_logo(database: Database, owner: str, logo: Logo | None, by: Identity) -> Brand:
    """Set the logo of a brand, or remove it; the one before goes where nobody else has the same. Raises
    `Unauthenticated` where the account is deleted."""
    async with database.transaction() as connection:
        before = await _held(connection, owner)
        if logo is not None:
            # An update, not nothing: a sweep that is about to delete the same picture is waited for.
            await connection.run(
                "INSERT INTO logos (digest, png, width, height) VALUES (:digest, :png, :width, :height) "
                "ON CONFLICT (digest) DO UPDATE SET width = excluded.width",
                digest=logo.digest,
                png=logo.png,
                width=logo.width,
                height=logo.height,
            )
        await connection.run(
            "UPDATE brands SET logo = :digest, updated_at = clock_timestamp() WHERE owner = :owner",
            owner=owner,
            digest=None if logo is None else logo.digest,
        )
        await _sweep(connection)
        return await _changed(connection, owner, before, by)


async def remove(connection: Connection, owner: str) -> None:
    """Remove a brand, and its logo where nobody else has the same."""
    await connection.run("DELETE FROM brands WHERE owner = :owner", owner=owner)
    await _sweep(connection)


async def _sweep(connection: Connection) -> None:
    """Delete the logos that no brand has. One that another transaction is about to give to a brand is locked by it, and
    is left."""
    await connection.run(
        "DELETE FROM logos WHERE digest IN (SELECT l.digest FROM logos l "
        "WHERE NOT EXISTS (SELECT 1 FROM brands b WHERE b.logo = l.digest) FOR UPDATE SKIP LOCKED)"
    )


async def _held(connection: Connection, owner: str) -> Brand:
    """The brand of an owner, locked; it has a row from now on."""
    kind, _, number = owner.partition(":")
    if kind == "user":
        await refuse_deleted(connection, int(number))
    await connection.run(
        "INSERT INTO brands (owner) VALUES (:owner) ON CONFLICT (owner) DO UPDATE SET owner = excluded.owner",
        owner=owner,
    )
    return await _read(connection, owner)


async def _read(connection: Connection, owner: str) -> Brand:
    row = await connection.one(f"SELECT {_COLUMNS} FROM {_JOINED} WHERE b.owner = :owner", owner=owner)
    assert row is not None
    return _brand(row)


async def _changed(connection: Connection, owner: str, before: Brand, by: Identity) -> Brand:
    """The brand as it is now. The history says which parts of it changed, not what they are: it outlives an account."""
    after = await _read(connection, owner)
    parts = [name for name in ("name", "accent", "stage", "logo") if getattr(before, name) != getattr(after, name)]
    if parts:
        of_user = owner.partition(":")[2] if owner.startswith("user:") else "0"
        await audit.append(connection, by.voter, "update", "brand", of_user, site=owner == SITE, parts=parts)
    return after


def _brand(row: Row) -> Brand:
    logo = None if row["logo"] is None else logo_place(row["logo"], row["width"], row["height"])
    return Brand(row["name"], row["accent"], row["stage"], logo)
