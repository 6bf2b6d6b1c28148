"""Accounts that are deleted, and what becomes of what they leave.

The account goes at once, in one short transaction: its name, address, password, logins and invitation. What is left of
it is a number, so that its tokens are refused and its polls can be settled: handed over to its heir or deleted,
some at a time, so that no transaction holds many polls for long.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from nexus.domain.poll import Poll
from nexus.errors import AccountDisabled, InvalidCredentials
from nexus.store import audit, brands, event_departures, polls
from nexus.store.account_changes import hold
from nexus.store.accounts import User, end_invitations
from nexus.store.database import LONG_GUARDS, LONG_S, Connection, Database
from nexus.store.event_departures import deleted_at_once
from nexus.store.event_rows import Deletion, EventChange
from nexus.store.rows import load

HANDED_AT_ONCE = 50
"""Polls handed over in one transaction."""


class Settled(msgspec.Struct, frozen=True):
    """What one transaction has done to the events and polls that an account left, and whether that was all."""

    event: EventChange | Deletion | None = None
    handed: tuple[Poll, ...] = ()
    deleted: tuple[int, ...] = ()
    done: bool = False


async def delete(
    database: Database, user: int, heir: int | None = None, *, by: str, proved: User | None = None
) -> None:
    """Delete an account; its polls go to `heir` or are deleted, by `settle_some`.

    With `proved`, the account as its password was proved. Raises `UserNotFound`, `LastAdmin`, `AccountDisabled` where
    the heir's is, `InvalidCredentials` where the account has changed since it was proved, `Forbidden` where `by` is
    another account that is no administrator any more.
    """
    async with database.transaction() as connection:
        held = await hold(connection, [user, *([] if heir is None else [heir])])
        if proved is None:
            held.require_acting(by)
        found = held.require(user)
        if proved is not None and (found.password_hash != proved.password_hash or found.disabled):
            raise InvalidCredentials
        if heir is not None and held.require(heir).disabled:
            raise AccountDisabled("The account that is to get the polls is disabled.")
        held.require_other_admin(user)
        await connection.run(
            "INSERT INTO deleted_users (user_id, deleted_by, heir) VALUES (:user, :by, :heir)",
            user=user,
            by=by,
            heir=heir,
        )
        for table in ("poll_members", "event_members"):
            await connection.run(f"DELETE FROM {table} WHERE voter = :subject", subject=found.subject)
        await end_invitations(connection, user)
        await brands.remove(connection, found.subject)
        await connection.run("DELETE FROM users WHERE id = :user", user=user)
        details = {} if heir is None else {"to": f"user:{heir}"}
        await audit.append(connection, by, "delete", "user", user, **details)


async def unsettled(database: Database) -> list[int]:
    """Deleted accounts that still have polls to settle."""
    async with database.read() as connection:
        rows = await connection.all("SELECT user_id FROM deleted_users WHERE settled_at IS NULL ORDER BY user_id")
    return [row["user_id"] for row in rows]


async def settle(database: Database, user: int, tell: Callable[[Settled], None] = lambda settled: None) -> None:
    """Settle all polls that a deleted account left; `tell` is told of each transaction. Raises `Unavailable`, and may
    then be called again."""
    done = False
    while not done:
        settled = await settle_some(database, user)
        tell(settled)
        done = settled.done


async def settle_some(database: Database, user: int) -> Settled:
    """Settle some polls of a deleted account, in one transaction."""
    async with database.transaction(LONG_GUARDS, within_s=LONG_S) as connection:
        row = await connection.one(
            "SELECT deleted_by FROM deleted_users WHERE user_id = :user AND settled_at IS NULL FOR UPDATE", user=user
        )
        if row is None:
            return Settled(done=True)
        heir = await _heir(connection, user)
        change = await event_departures.settle_one(connection, f"user:{user}", heir, row["deleted_by"])
        if change is not None:
            return Settled(change)
        if heir is None:
            settled = await _delete_some(connection, user, row["deleted_by"])
        else:
            settled = await _hand_some(connection, user, heir, row["deleted_by"])
        if settled.done:
            await connection.run(
                "UPDATE deleted_users SET settled_at = clock_timestamp() WHERE user_id = :user", user=user
            )
        return settled


async def _heir(connection: Connection, user: int) -> int | None:
    """Who gets the polls, locked against deletion; where that account is gone too, its own heir."""
    gone = user
    while True:
        row = await connection.one("SELECT heir FROM deleted_users WHERE user_id = :gone", gone=gone)
        heir: int | None = None if row is None else row["heir"]
        if heir is None or await connection.one("SELECT 1 FROM users WHERE id = :heir FOR KEY SHARE", heir=heir):
            return heir
        gone = heir


async def _locked(connection: Connection, user: int, most: int) -> dict[int, Poll]:
    rows = await connection.all(
        "SELECT id FROM polls WHERE created_by = :subject ORDER BY id LIMIT :most FOR NO KEY UPDATE",
        subject=f"user:{user}",
        most=most,
    )
    return await load(connection, [row["id"] for row in rows])


async def _hand_some(connection: Connection, user: int, heir: int, by: str) -> Settled:
    before = await _locked(connection, user, HANDED_AT_ONCE)
    await connection.run(
        "UPDATE polls SET created_by = :to, revision = revision + 1, updated_at = clock_timestamp() "
        "WHERE id = ANY(:polls)",
        to=f"user:{heir}",
        polls=list(before),
    )
    after = await load(connection, list(before))
    for poll in after.values():
        change = [before[poll.id].created_by, poll.created_by]
        await audit.append(connection, by, "update", "poll", poll.id, created_by=change)
    return Settled(handed=tuple(after.values()), done=len(before) < HANDED_AT_ONCE)


async def _delete_some(connection: Connection, user: int, by: str) -> Settled:
    most = event_departures.DELETED_AT_ONCE
    found = await _locked(connection, user, most)
    chosen = deleted_at_once(list(found.values()))
    await polls.erase(connection, chosen, by)
    return Settled(deleted=tuple(poll.id for poll in chosen), done=len(found) == len(chosen) and len(found) < most)
