"""Who runs an event: its co-hosts, and its owner, who says who they are. The account comes before the event in the
order of locks (`locks`)."""

from __future__ import annotations

import msgspec

from nexus.domain.identity import Identity
from nexus.errors import AccountDisabled, EventNotFound, Invalid, TooManyHosts, UserNotFound
from nexus.store import audit
from nexus.store.accounts import User
from nexus.store.database import Connection, Database
from nexus.store.event_departures import hand_over
from nexus.store.event_rows import EventChange
from nexus.store.events import changed_event, locked_event_for_owner, rules_changed

MOST_HOSTS = 50
"""Co-hosts of an event."""


class EventHost(msgspec.Struct, frozen=True):
    """Who runs an event: the account's id and name, both None for a subject of another issuer."""

    sub: str
    id: int | None
    username: str | None


async def hosts_of(database: Database, event: int) -> tuple[EventHost, list[EventHost]]:
    """The owner of an event, and its co-hosts in the order in which they were added. Raises `EventNotFound`."""
    async with database.read() as connection:
        rows = await connection.all(
            "SELECT h.voter, u.id, u.username FROM ("
            "SELECT created_by AS voter, NULL AS added_at FROM events WHERE id = :event UNION ALL "
            "SELECT voter, added_at FROM event_hosts WHERE event_id = :event) h "
            "LEFT JOIN users u ON 'user:' || u.id = h.voter "
            "AND u.id = CASE WHEN h.voter LIKE 'user:%' THEN CAST(substr(h.voter, 6) AS bigint) END "
            "ORDER BY h.added_at NULLS FIRST, h.voter",
            event=event,
        )
    if not rows:
        raise EventNotFound  # deleted meanwhile
    owner, *hosts = [EventHost(row["voter"], row["id"], row["username"]) for row in rows]
    return owner, hosts


async def add_host(database: Database, event: int, user: User, by: Identity) -> tuple[EventChange, bool]:
    """Let an account co-host an event: the change, and whether it did not yet. Raises `UserNotFound`,
    `AccountDisabled`, `TooManyHosts`, and `Invalid` for the owner."""
    async with database.transaction() as connection:
        await _hold(connection, user)
        before = await locked_event_for_owner(connection, event, by)
        if user.subject == before.created_by:
            raise Invalid(errors=(("username", "is the owner"),))
        if user.subject in before.hosts:
            return EventChange(before), False
        if len(before.hosts) >= MOST_HOSTS:
            raise TooManyHosts
        await connection.run(
            "INSERT INTO event_hosts (event_id, voter) VALUES (:event, :voter)", event=event, voter=user.subject
        )
        return await _changed(connection, event, by, "add_host", host=user.subject), True


async def remove_host(database: Database, event: int, voter: str, by: Identity) -> EventChange:
    """Let a subject co-host an event no longer. Raises `UserNotFound` where it does not."""
    async with database.transaction() as connection:
        before = await locked_event_for_owner(connection, event, by)
        if voter not in before.hosts:
            raise UserNotFound
        await connection.run(
            "DELETE FROM event_hosts WHERE event_id = :event AND voter = :voter", event=event, voter=voter
        )
        return await _changed(connection, event, by, "remove_host", host=voter)


async def _changed(connection: Connection, event: int, by: Identity, action: str, **details: object) -> EventChange:
    polls = await rules_changed(connection, event)
    after = await changed_event(connection, event)
    await audit.append(connection, by.voter, action, "event", event, **details)
    return EventChange(after, polls)


async def give_to(database: Database, event: int, user: User, by: Identity) -> EventChange:
    """Make an account the owner of an event; the one before stays as co-host, in the place of one who was that. Raises
    `UserNotFound`, `AccountDisabled`, and `TooManyHosts` where there is no place."""
    async with database.transaction() as connection:
        await _hold(connection, user)
        before = await locked_event_for_owner(connection, event, by)
        if user.subject == before.created_by:
            return EventChange(before)
        if user.subject not in before.hosts and len(before.hosts) >= MOST_HOSTS:
            raise TooManyHosts
        await connection.run(
            "INSERT INTO event_hosts (event_id, voter) VALUES (:event, :voter)", event=event, voter=before.created_by
        )
        change = await hand_over(connection, event, user.subject)
        created_by = [before.created_by, user.subject]
        await audit.append(connection, by.voter, "update", "event", event, created_by=created_by)
        return change


async def _hold(connection: Connection, user: User) -> None:
    """Keep the account from being deleted before this commits."""
    row = await connection.one(
        "SELECT disabled_at IS NOT NULL AS disabled FROM users WHERE id = :user FOR KEY SHARE", user=user.id
    )
    if row is None:
        raise UserNotFound
    if row["disabled"]:
        raise AccountDisabled
