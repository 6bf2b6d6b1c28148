"""Invitations: a link with which the password of an account is set, once.

Only a digest of its token is kept. An account has one at most: a new link replaces the one before.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from nexus.errors import AccountDisabled, InvitationNotFound
from nexus.store import account_lists, audit
from nexus.store.account_changes import hold
from nexus.store.account_lists import Entry
from nexus.store.accounts import COLUMNS, User, end_logins, insert, user_of
from nexus.store.database import Connection, Database


class Invited(msgspec.Struct, frozen=True):
    """An account with a new invitation, and until when that can be used."""

    account: Entry
    expires_at: datetime


class Invitation(msgspec.Struct, frozen=True):
    """An invitation that holds: whose password it sets, and until when."""

    user: User
    expires_at: datetime


async def invite(
    database: Database, username: str, email: str | None, digest: bytes, ttl_s: int, *, admin: bool, by: str
) -> Invited:
    """Make an account without a password, and its invitation. Raises `UsernameTaken`, and `Forbidden` where `by` is no
    administrator any more."""
    async with database.transaction() as connection:
        (await hold(connection, [])).require_acting(by)
        user = await insert(connection, username, email, None, admin=admin)
        expires_at = await _keep(connection, user.id, digest, ttl_s, by)
        await audit.append(connection, by, "create", "user", user.id, admin=admin)
        await audit.append(connection, by, "invite", "user", user.id, seconds=ttl_s)
        return await _invited(connection, user.id, expires_at)


async def renew(database: Database, user: int, digest: bytes, ttl_s: int, *, by: str) -> Invited:
    """Make another invitation; a password that the account has holds until it is used. Raises `UserNotFound`,
    `AccountDisabled`, and `Forbidden` where `by` is no administrator any more."""
    async with database.transaction() as connection:
        held = await hold(connection, [user])
        held.require_acting(by)
        if held.require(user).disabled:
            raise AccountDisabled("This account is disabled. Enable it first.")
        expires_at = await _keep(connection, user, digest, ttl_s, by)
        await audit.append(connection, by, "invite", "user", user, seconds=ttl_s)
        return await _invited(connection, user, expires_at)


async def find(database: Database, digest: bytes) -> Invitation:
    """The invitation of a token. Raises `InvitationNotFound`."""
    async with database.read() as connection:
        row = await connection.one(
            f"SELECT {COLUMNS}, i.expires_at FROM invitations i JOIN users u ON u.id = i.user_id "
            "WHERE i.digest = :digest AND i.expires_at > clock_timestamp() AND u.disabled_at IS NULL",
            digest=digest,
        )
    if row is None:
        raise InvitationNotFound
    return Invitation(user_of(row), row["expires_at"])


async def accept(database: Database, digest: bytes, password_hash: str) -> User:
    """Set the password of the account that was invited: every login of it ends, and the invitation is used up.

    Of two who use it at once, one is refused. Raises `InvitationNotFound`.
    """
    async with database.transaction() as connection:
        # The account's row first, as everywhere.
        await connection.run(
            "SELECT 1 FROM users u WHERE u.id = (SELECT user_id FROM invitations WHERE digest = :digest) FOR UPDATE",
            digest=digest,
        )
        row = await connection.one(
            "DELETE FROM invitations i USING users u WHERE i.digest = :digest AND u.id = i.user_id "
            f"AND i.expires_at > clock_timestamp() AND u.disabled_at IS NULL RETURNING {COLUMNS}",
            digest=digest,
        )
        if row is None:
            raise InvitationNotFound
        user = msgspec.structs.replace(user_of(row), password_hash=password_hash)
        await connection.run("UPDATE users SET password_hash = :hash WHERE id = :id", hash=password_hash, id=user.id)
        logins = await end_logins(connection, user.id)
        await audit.append(
            connection, user.subject, "change_password", "user", user.id, ended_logins=logins, invited=True
        )
        return user


async def _keep(connection: Connection, user: int, digest: bytes, ttl_s: int, by: str) -> datetime:
    row = await connection.one(
        "INSERT INTO invitations (user_id, digest, expires_at, created_by) "
        "VALUES (:user, :digest, clock_timestamp() + make_interval(secs => :ttl), :by) "
        "ON CONFLICT (user_id) DO UPDATE SET digest = excluded.digest, expires_at = excluded.expires_at, "
        "created_by = excluded.created_by RETURNING expires_at",
        user=user,
        by=by,
        digest=digest,
        ttl=float(ttl_s),
    )
    assert row is not None
    expires_at: datetime = row["expires_at"]
    return expires_at


async def _invited(connection: Connection, user: int, expires_at: datetime) -> Invited:
    account = await account_lists.read(connection, user)
    assert account is not None
    return Invited(account, expires_at)
