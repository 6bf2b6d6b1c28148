"""Users: who they are, and how they prove it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from nexus.errors import InvalidCredentials, Unauthenticated, UsernameTaken
from nexus.store import audit
from nexus.store.database import Connection, Database, Row
from nexus.store.names import name_key
from nexus.store.searchable import WORDS, words_of_account


class User(msgspec.Struct, frozen=True):
    """An account as the store holds it; it has no password until whom it was made for has set one."""

    id: int
    username: str
    password_hash: str | None
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


COLUMNS = "u.id, u.username, u.password_hash, u.is_admin, u.disabled_at IS NOT NULL AS disabled"
"""What `user_of` reads, of the table `users` as `u`."""


def user_of(row: Row) -> User:
    """The user of a row with `COLUMNS`."""
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
    """Make an account; `by` is who did it, the account itself where empty. Raises `UsernameTaken`."""
    async with database.transaction() as connection:
        user = await insert(connection, username, email, password_hash, admin=admin)
        await audit.append(connection, by or user.subject, "create", "user", user.id, admin=admin)
        return user


async def insert(
    connection: Connection, username: str, email: str | None, password_hash: str | None, *, admin: bool
) -> User:
    """The row of a new account. Raises `UsernameTaken`."""
    row = await connection.one(
        "INSERT INTO users AS u (username, name_key, email, password_hash, is_admin, words) "
        f"VALUES (:username, :key, :email, :hash, :admin, {WORDS}) "
        f"ON CONFLICT (name_key, name_twin) DO NOTHING RETURNING {COLUMNS}",
        username=username,
        key=name_key(username),
        email=email,
        hash=password_hash,
        admin=admin,
        words=words_of_account(username, email),
    )
    if row is None:
        raise UsernameTaken
    return user_of(row)


async def by_name(database: Database, username: str) -> User | None:
    """The account of a name, or of one that looks the same; None where there is none."""
    # Of names of former times that look the same, the one that is meant is the one that was typed.
    nearest = "ORDER BY u.username = :name DESC, lower(u.username) = lower(:name) DESC, u.name_twin LIMIT 1"
    return await _one(database, f"u.name_key = :key {nearest}", name_key(username), name=username)


async def by_id(database: Database, user: int) -> User | None:
    """The account of an id, None where there is none."""
    return await _one(database, "u.id = :key", user)


async def _one(database: Database, where: str, key: object, **more: object) -> User | None:
    async with database.read() as connection:
        row = await connection.one(f"SELECT {COLUMNS} FROM users u WHERE {where}", key=key, **more)
        return None if row is None else user_of(row)


async def are_any(database: Database) -> bool:
    """Whether there is an account at all."""
    async with database.read() as connection:
        return await connection.one("SELECT 1 FROM users LIMIT 1") is not None


async def first_admin(database: Database) -> User | None:
    """The enabled administrator with the lowest id, None where there is none."""
    async with database.read() as connection:
        row = await connection.one(
            f"SELECT {COLUMNS} FROM users u WHERE u.is_admin AND u.disabled_at IS NULL ORDER BY u.id LIMIT 1"
        )
        return None if row is None else user_of(row)


async def disabled(database: Database) -> frozenset[int]:
    """The ids of disabled accounts."""
    async with database.read() as connection:
        return frozenset(
            row["id"] for row in await connection.all("SELECT id FROM users WHERE disabled_at IS NOT NULL")
        )


async def deleted(database: Database, after: datetime | None) -> dict[int, datetime]:
    """The accounts that were deleted, after `after` if given, each with its time."""
    async with database.read() as connection:
        rows = await connection.all(
            "SELECT user_id, deleted_at FROM deleted_users "
            "WHERE deleted_at > coalesce(CAST(:after AS timestamptz), '-infinity')",
            after=after,
        )
    return {row["user_id"]: row["deleted_at"] for row in rows}


async def refuse_deleted(connection: Connection, user: int) -> None:
    """Keep an account from being deleted until the transaction ends. Raises `Unauthenticated` where it is already: its
    token has not been refused yet."""
    await connection.run("SELECT 1 FROM users WHERE id = :user FOR KEY SHARE", user=user)
    if await connection.one("SELECT 1 FROM deleted_users WHERE user_id = :user", user=user) is not None:
        raise Unauthenticated("This account is disabled or deleted.")


async def rehash(database: Database, user: User, password_hash: str) -> User:
    """Keep a new hash of the same password, made with today's parameters; nothing where the password has changed."""
    async with database.transaction() as connection:
        row = await connection.one(
            f"UPDATE users u SET password_hash = :new WHERE id = :user AND password_hash = :old RETURNING {COLUMNS}",
            user=user.id,
            old=user.password_hash,
            new=password_hash,
        )
        return user if row is None else user_of(row)


async def change_password(database: Database, user: User, password_hash: str, *, keep: str) -> None:
    """Set another password and end every login of the account but `keep`.

    Raises `InvalidCredentials` where the account changed since `user` was read: the old password no longer proves it.
    """
    async with database.transaction() as connection:
        row = await connection.one(
            "UPDATE users SET password_hash = :new WHERE id = :user AND password_hash = :old AND disabled_at IS NULL "
            "RETURNING id",
            user=user.id,
            old=user.password_hash,
            new=password_hash,
        )
        if row is None:
            raise InvalidCredentials
        await end_invitations(connection, user.id)
        logins = await end_logins(connection, user.id, keep=keep)
        await audit.append(connection, user.subject, "change_password", "user", user.id, ended_logins=logins)


async def end_logins(connection: Connection, user: int, *, keep: str = "") -> int:
    """End every login of an account but `keep`, under the lock on its row; returns how many they were.

    Their rows stay until they would have expired: the gate reads there which access tokens hold no more.
    """
    ended = await connection.all(
        "UPDATE refresh_tokens SET revoked_at = clock_timestamp() "
        "WHERE user_id = :user AND revoked_at IS NULL AND family <> :keep RETURNING family",
        user=user,
        keep=family_of(keep),
    )
    return len({one["family"] for one in ended})


async def end_invitations(connection: Connection, user: int) -> None:
    """End the links that could set the password of an account, and those that it made for others."""
    await connection.run(
        "DELETE FROM invitations WHERE user_id = :user OR created_by = :subject", user=user, subject=f"user:{user}"
    )


def family_of(login: str) -> UUID:
    """The family that a token's `sid` names; the nil UUID, which none has, for a token without one."""
    try:
        return UUID(login)
    except ValueError:
        return UUID(int=0)
