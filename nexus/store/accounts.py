"""Users and their refresh tokens."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID, uuid4

import msgspec

from nexus.errors import Conflict, NotFound
from nexus.store import audit
from nexus.store.database import Database, Row, Session


class User(msgspec.Struct, frozen=True):
    """An account as the store holds it."""

    id: int
    username: str
    password_hash: str
    is_admin: bool
    disabled: bool

    @property
    def subject(self) -> str:
        """The voter this user is."""
        return f"user:{self.id}"

    @property
    def roles(self) -> list[str]:
        """The roles its tokens carry."""
        return ["user", "admin"] if self.is_admin else ["user"]


class Rotation(StrEnum):
    """What became of a refresh token."""

    RENEWED = "renewed"
    UNKNOWN = "unknown"
    REUSED = "reused"


_COLUMNS = "u.id, u.username, u.password_hash, u.is_admin, u.disabled_at IS NOT NULL AS disabled"


def _user(row: Row) -> User:
    return User(
        id=row["id"],
        username=row["username"],
        password_hash=row["password_hash"],
        is_admin=row["is_admin"],
        disabled=row["disabled"],
    )


async def add(
    database: Database, username: str, email: str | None, password_hash: str, *, admin: bool, by: str = ""
) -> User:
    """Make an account; `by` is who did it, the account itself where empty. Raises `Conflict` `username_taken`."""
    async with database.transaction() as session:
        row = await session.one(
            "INSERT INTO users AS u (username, email, password_hash, is_admin) "
            f"VALUES (:username, :email, :hash, :admin) ON CONFLICT (lower(username)) DO NOTHING RETURNING {_COLUMNS}",
            username=username,
            email=email,
            hash=password_hash,
            admin=admin,
        )
        if row is None:
            raise Conflict("This username is taken.", code="username_taken")
        user = _user(row)
        await audit.append(session, by or user.subject, "create", "user", user.id, username=username, admin=admin)
        return user


async def by_name(database: Database, username: str) -> User | None:
    """The account of a name, in any case."""
    return await _one(database, "lower(u.username) = lower(:key)", username)


async def by_id(database: Database, user: int) -> User | None:
    """The account of an id."""
    return await _one(database, "u.id = :key", user)


async def _one(database: Database, where: str, key: object) -> User | None:
    async with database.read() as session:
        row = await session.one(f"SELECT {_COLUMNS} FROM users u WHERE {where}", key=key)
        return None if row is None else _user(row)


async def everybody(database: Database) -> list[User]:
    """Every account, by id."""
    async with database.read() as session:
        return [_user(row) for row in await session.all(f"SELECT {_COLUMNS} FROM users u ORDER BY u.id")]


async def disabled(database: Database) -> frozenset[int]:
    """The ids of disabled accounts."""
    async with database.read() as session:
        return frozenset(row["id"] for row in await session.all("SELECT id FROM users WHERE disabled_at IS NOT NULL"))


async def disable(database: Database, username: str, *, by: str) -> User:
    """Disable an account and end its sessions. Raises `NotFound` `user_not_found`."""
    async with database.transaction() as session:
        row = await session.one(
            "UPDATE users u SET disabled_at = coalesce(disabled_at, clock_timestamp()) "
            f"WHERE lower(username) = lower(:username) RETURNING {_COLUMNS}",
            username=username,
        )
        if row is None:
            raise NotFound(f"There is no user {username}.", code="user_not_found")
        user = _user(row)
        await session.run("DELETE FROM refresh_tokens WHERE user_id = :user", user=user.id)
        await audit.append(session, by, "disable", "user", user.id, username=user.username)
        return user


async def set_password_hash(database: Database, user: int, password_hash: str) -> None:
    """Keep a hash made anew from the same password, with today's parameters."""
    async with database.transaction() as session:
        await session.run("UPDATE users SET password_hash = :hash WHERE id = :user", hash=password_hash, user=user)


async def begin_session(database: Database, user: int, digest: bytes, ttl_s: int) -> None:
    """Keep the first refresh token of a login, and forget what expired long ago."""
    async with database.transaction() as session:
        await _keep(session, user, uuid4(), digest, ttl_s)
        await session.run(
            "DELETE FROM refresh_tokens WHERE digest IN (SELECT digest FROM refresh_tokens "
            "WHERE expires_at < clock_timestamp() - interval '1 day' ORDER BY expires_at LIMIT 10)"
        )


async def _keep(session: Session, user: int, family: UUID, digest: bytes, ttl_s: int) -> None:
    await session.run(
        "INSERT INTO refresh_tokens (digest, family, user_id, expires_at) "
        "VALUES (:digest, :family, :user, clock_timestamp() + make_interval(secs => :ttl))",
        digest=digest,
        family=family,
        user=user,
        ttl=float(ttl_s),
    )


async def rotate(database: Database, old: bytes, new: bytes, ttl_s: int) -> tuple[Rotation, User | None]:
    """Spend the token `old` and keep `new` in its place; a spent one used again revokes its whole family."""
    async with database.transaction() as session:
        row = await _token(session, old)
        if row is None or not row["alive"]:
            return Rotation.UNKNOWN, None
        if row["spent"]:
            await _revoke(session, row)
            return Rotation.REUSED, None
        await session.run("UPDATE refresh_tokens SET spent_at = clock_timestamp() WHERE digest = :old", old=old)
        await _keep(session, row["id"], row["family"], new, ttl_s)
        return Rotation.RENEWED, _user(row)


async def _token(session: Session, digest: bytes) -> Row | None:
    return await session.one(
        f"SELECT {_COLUMNS}, t.family, t.spent_at IS NOT NULL AS spent, t.revoked_at IS NULL "
        "AND t.expires_at > clock_timestamp() AND u.disabled_at IS NULL AS alive "
        "FROM refresh_tokens t JOIN users u ON u.id = t.user_id WHERE t.digest = :digest FOR UPDATE OF t",
        digest=digest,
    )


async def _revoke(session: Session, row: Row) -> None:
    await session.run(
        "UPDATE refresh_tokens SET revoked_at = clock_timestamp() WHERE family = :family AND revoked_at IS NULL",
        family=row["family"],
    )
    await audit.append(session, f"user:{row['id']}", "revoke_session", "user", row["id"], reason="refresh token reused")


async def end_session(database: Database, digest: bytes) -> None:
    """Revoke the family of a refresh token; nothing where it is unknown."""
    async with database.transaction() as session:
        await session.run(
            "UPDATE refresh_tokens SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL "
            "AND family = (SELECT family FROM refresh_tokens WHERE digest = :digest)",
            digest=digest,
        )
