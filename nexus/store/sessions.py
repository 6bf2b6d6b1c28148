"""Logins: each is a family of refresh tokens, of which the newest renews it.

A lock on the account's row comes before any change of a family, so that no token is added to one that has ended.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID, uuid4

import msgspec

from nexus.domain.identity import Identity
from nexus.errors import InvalidCredentials
from nexus.store import audit
from nexus.store.accounts import COLUMNS, User, user_of
from nexus.store.database import GUARDS, Connection, Database, Row


class Login(msgspec.Struct, frozen=True):
    """A login that has not ended: whose it is, and its id, the `sid` of its access tokens."""

    user: User
    id: str


async def begin(database: Database, user: User, digest: bytes, ttl_s: int) -> Login:
    """Keep the first refresh token of a login. Its commit does not wait for the disk: after a power cut a user logs in
    again, and fifty logins a second must not slow down the votes' commits.

    Raises `InvalidCredentials` where the account was disabled or got another password since `user` was read.
    """
    family = uuid4()
    async with database.transaction(f"{GUARDS}; SET LOCAL synchronous_commit = off") as connection:
        same = await connection.one(
            "SELECT 1 FROM users WHERE id = :user AND password_hash = :hash AND disabled_at IS NULL FOR SHARE",
            user=user.id,
            hash=user.password_hash,
        )
        if same is None:
            raise InvalidCredentials
        await _keep(connection, user.id, family, digest, ttl_s)
    return Login(user, str(family))


async def _keep(connection: Connection, user: int, family: UUID, digest: bytes, ttl_s: int) -> None:
    await connection.run(
        "INSERT INTO refresh_tokens (digest, family, user_id, expires_at) "
        "VALUES (:digest, :family, :user, clock_timestamp() + make_interval(secs => :ttl))",
        digest=digest,
        family=family,
        user=user,
        ttl=float(ttl_s),
    )


async def rotate(database: Database, old: bytes, new: bytes, ttl_s: int) -> Login | None:
    """Spend the token `old` and keep `new` in its place; returns None where `old` is not valid.

    One that was spent before revokes its whole family: somebody else has a copy of it.
    """
    async with database.transaction() as connection:
        await _lock_owner(connection, old, "SHARE")
        row = await _token(connection, old)
        if row is None or not row["alive"]:
            return None
        if row["spent"]:
            await _revoke(connection, row)
            return None
        await connection.run("UPDATE refresh_tokens SET spent_at = clock_timestamp() WHERE digest = :old", old=old)
        await _keep(connection, row["id"], row["family"], new, ttl_s)
        return Login(user_of(row), str(row["family"]))


async def _lock_owner(connection: Connection, digest: bytes, strength: str) -> None:
    await connection.run(
        "SELECT 1 FROM users u WHERE u.id = (SELECT user_id FROM refresh_tokens WHERE digest = :digest) "
        f"FOR {strength}",
        digest=digest,
    )


async def _token(connection: Connection, digest: bytes) -> Row | None:
    return await connection.one(
        f"SELECT {COLUMNS}, t.family, t.spent_at IS NOT NULL AS spent, t.revoked_at IS NULL "
        "AND t.expires_at > clock_timestamp() AND u.disabled_at IS NULL AS alive "
        "FROM refresh_tokens t JOIN users u ON u.id = t.user_id WHERE t.digest = :digest FOR UPDATE OF t",
        digest=digest,
    )


async def _revoke(connection: Connection, row: Row) -> None:
    await connection.run(
        "UPDATE refresh_tokens SET revoked_at = clock_timestamp() WHERE family = :family AND revoked_at IS NULL",
        family=row["family"],
    )
    await audit.append(
        connection, f"user:{row['id']}", "revoke_session", "user", row["id"], reason="refresh token reused"
    )


async def end(database: Database, digest: bytes) -> None:
    """Revoke the family of a refresh token; nothing where it is unknown."""
    async with database.transaction() as connection:
        await _lock_owner(connection, digest, "NO KEY UPDATE")
        await connection.run(
            "UPDATE refresh_tokens SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL "
            "AND family = (SELECT family FROM refresh_tokens WHERE digest = :digest)",
            digest=digest,
        )


async def begin_screen(database: Database, poll: int, by: Identity, ttl_s: int) -> str:
    """Note that `by` makes a screen link of a poll; returns the id of a login that ends with the account's others,
    "" for a host without an account. It has no refresh token: a screen's access token lasts as long as the link."""
    family = uuid4()
    async with database.transaction() as connection:
        if by.user_id is not None:
            await _keep(connection, by.user_id, family, secrets.token_bytes(32), ttl_s)
        await audit.append(connection, by.voter, "make_screen", "poll", poll, seconds=ttl_s)
    return "" if by.user_id is None else str(family)


async def ended(database: Database, *, after: datetime | None, within_s: float) -> dict[str, datetime]:
    """The logins that were ended in the last `within_s` seconds, and after `after` if given, each with its time."""
    async with database.read() as connection:
        rows = await connection.all(
            "SELECT family, max(revoked_at) AS at FROM refresh_tokens WHERE revoked_at > greatest("
            "clock_timestamp() - make_interval(secs => :within), CAST(:after AS timestamptz)) GROUP BY family",
            within=float(within_s),
            after=after,
        )
    return {str(row["family"]): row["at"] for row in rows}
