"""What PostgreSQL would not clean up in time by itself."""

from __future__ import annotations

from nexus.store.database import Database


async def forget_sessions(database: Database) -> None:
    """Delete refresh tokens that expired more than a day ago, at most 10,000 at once."""
    async with database.transaction() as connection:
        await connection.run(
            "DELETE FROM refresh_tokens WHERE digest IN (SELECT digest FROM refresh_tokens "
            "WHERE expires_at < clock_timestamp() - interval '1 day' ORDER BY expires_at LIMIT 10000 "
            "FOR UPDATE SKIP LOCKED)"
        )


async def forget_pairings(database: Database) -> None:
    """Delete pairing codes that have expired, at most 10,000 at once."""
    async with database.transaction() as connection:
        await connection.run(
            "DELETE FROM pairings WHERE digest IN (SELECT digest FROM pairings "
            "WHERE expires_at < clock_timestamp() ORDER BY expires_at LIMIT 10000 FOR UPDATE SKIP LOCKED)"
        )


async def vacuum_polls(database: Database) -> None:
    """Mark the pages of `polls` that votes have touched as visible to all, so that lists read indexes alone again.

    A vote's update of its poll leaves nothing to collect (it is pruned with the next), so autovacuum would not run.
    Looks only at pages touched since the last time: a tenth of a second for 25,000 polls. Nobody waits for it.
    """
    async with database.read() as connection:
        await connection.raw.execute("VACUUM (SKIP_LOCKED, TRUNCATE off) polls")
