"""Who sees what of an event: the one way from an id to what somebody may know of it
(docs/contract.md, "Who may know of an event")."""

from __future__ import annotations

from dataclasses import dataclass

from nexus.domain.event import Event
from nexus.domain.identity import Identity
from nexus.domain.rights import Role, event_rules, may_know, require_host, role_in
from nexus.domain.views import EventView, event_view
from nexus.errors import EventNotFound
from nexus.store import events
from nexus.store.database import Database


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event as of a moment after the request arrived, and how `by`, who may know of it, sees it."""

    event: Event
    by: Identity
    role: Role

    def require_host(self) -> None:
        """Raises `Forbidden` unless this is the event's owner, a co-host or an admin."""
        require_host(self.by, event_rules(self.event))

    def view(self) -> EventView:
        """As it is answered."""
        return event_view(self.event, self.role)


async def see_event(database: Database, event_id: int, by: Identity) -> SeenEvent:
    """The event of an id as `by` sees it. Raises `EventNotFound` where it does not exist for `by`."""
    found = await events.read(database, event_id)
    # Asked in any case: otherwise the time of a refusal would tell which ids are events.
    joined = await events.is_member(database, event_id, by.voter)
    if found is None or not may_know(by, event_rules(found), joined=joined):
        raise EventNotFound
    return SeenEvent(found, by, role_in(by, event_rules(found)))
