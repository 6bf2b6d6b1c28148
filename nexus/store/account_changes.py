"""What an administrator or the operator does to an account: disable it, enable it, set its role or its password.

Whoever changes an account holds its row and those of all administrators, in order of id: so two of them who demote each
other at the same time do not leave the service without one.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from nexus.errors import Forbidden, LastAdmin, UserNotFound
from nexus.store import audit
from nexus.store.accounts import COLUMNS, User, end_invitations, end_logins, user_of
from nexus.store.database import Connection, Database


class Held(msgspec.Struct, frozen=True):
    """Locked accounts, and all administrators who can log in."""

    users: dict[int, User]

    def require(self, user: int) -> User:
        """The account. Raises `UserNotFound`."""
        found = self.users.get(user)
        if found is None:
            raise UserNotFound
        return found

    def require_acting(self, by: str) -> None:
        """Raises `Forbidden` where `by` is an account that is no administrator any more: its access token may live on
        for seconds, and must not undo what has ended it. A command's "cli" and external subjects have no account."""
        if by.startswith("user:"):
            one = self.users.get(int(by.removeprefix("user:")))
            if one is None or one.disabled or not one.is_admin:
                raise Forbidden("Only an admin may do this.")

    def require_other_admin(self, user: int) -> None:
        """Raises `LastAdmin` where `user` is the only administrator who can log in."""
        admins = {one.id for one in self.users.values() if can_administer(one)}
        if admins == {user}:
            raise LastAdmin


def can_administer(user: User) -> bool:
    """Whether this is an administrator who can log in."""
    return user.is_admin and not user.disabled and user.password_hash is not None


async def hold(connection: Connection, users: Iterable[int]) -> Held:
    """Lock the accounts `users` and all administrators until the transaction ends."""
    rows = await connection.all(
        f"SELECT {COLUMNS} FROM users u WHERE u.id = ANY(:users) OR u.is_admin ORDER BY u.id FOR UPDATE",
        users=list(users),
    )
    return Held({row["id"]: user_of(row) for row in rows})


async def change(
    database: Database, user: int, *, by: str, disabled: bool | None = None, admin: bool | None = None
) -> User:
    """Disable or enable an account, make it an administrator or not; None leaves as it is. Its logins end where it
    loses anything. Raises `UserNotFound`, `LastAdmin`, and `Forbidden` where `by` is no administrator any more."""
    async with database.transaction() as connection:
        held = await hold(connection, [user])
        held.require_acting(by)
        before = held.require(user)
        off = before.disabled if disabled is None else disabled
        role = before.is_admin if admin is None else admin
        if (off, role) == (before.disabled, before.is_admin):
            return before
        if off or not role:
            held.require_other_admin(user)
        await connection.run(
            "UPDATE users SET is_admin = :role, "
            "disabled_at = CASE WHEN :off THEN coalesce(disabled_at, clock_timestamp()) END WHERE id = :user",
            role=role,
            off=off,
            user=user,
        )
        if off > before.disabled or role < before.is_admin:
            await end_logins(connection, user)  # the access tokens of a login say what its roles were
            await end_invitations(connection, user)
        if off != before.disabled:
            await audit.append(connection, by, "disable" if off else "enable", "user", user)
        if role != before.is_admin:
            await audit.append(connection, by, "update", "user", user, admin=[before.is_admin, role])
        return msgspec.structs.replace(before, disabled=off, is_admin=role)


async def set_password(database: Database, user: int, password_hash: str, *, by: str) -> User:
    """Set another password without the old one: every login of the account ends, and so does a link that could set it.
    Raises `UserNotFound`."""
    async with database.transaction() as connection:
        row = await connection.one(
            f"UPDATE users u SET password_hash = :hash WHERE id = :user RETURNING {COLUMNS}",
            hash=password_hash,
            user=user,
        )
        if row is None:
            raise UserNotFound
        await end_invitations(connection, user)
        logins = await end_logins(connection, user)
        await audit.append(connection, by, "change_password", "user", user, ended_logins=logins)
        return user_of(row)
