"""Definitions of events: what is exported makes the same event where it is imported."""

from __future__ import annotations

from nexus.domain.event_definition import NewEvent
from nexus.domain.rights import Role, event_rules, is_delegate
from nexus.domain.views import EventView, event_view
from nexus.errors import EventNotFound, Forbidden
from nexus.http.api.polls import ScreenLink
from nexus.http.api.seen_event import see_event
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import event_definitions, sessions


async def read(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[NewEvent]:
    """Export the definition of an event: the body that makes it again."""
    id_ = request.path_id("event", EventNotFound())
    return Reply(await event_definitions.definition(services.database, id_, request.by))


async def copy(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[EventView]:
    """Copy an event to a new one of yours, all its polls drafts without votes."""
    change = await event_definitions.copy(services.database, request.path_id("event", EventNotFound()), request.by)
    services.tallies.event_changed(change)
    return Reply(event_view(change.event, Role.HOST), 201)


async def make_screen(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[ScreenLink]:
    """Create a read-only token for a projector, which shows what the host's own screen shows of the event."""
    by, ttl_s = request.by, services.lifetimes.screen_s
    seen = await see_event(services.database, request.path_id("event", EventNotFound()), by)
    seen.require_host()
    login = await sessions.begin_screen(services.database, seen.event.id, by, ttl_s, thing="event")
    access = services.tokens.access(
        by.voter,
        (Role.SCREEN,),
        ttl_s,
        event=seen.event.id,
        login=login,
        delegated=is_delegate(by, event_rules(seen.event)),
    )
    return Reply(ScreenLink(access, request.public.url(f"/live/{seen.event.code}#token={access}")), 201)


CALLS: tuple[RestCall, ...] = (
    call(
        "GET",
        "/events/{event}/definition",
        read,
        body=Nothing,
        query=Nothing,
        answer=NewEvent,
        raises=(Forbidden,),
    ),
    call(
        "POST",
        "/events/{event}/copy",
        copy,
        body=Nothing,
        query=Nothing,
        answer=EventView,
        statuses=(201,),
        raises=(Forbidden,),
    ),
    call(
        "POST",
        "/events/{event}/screen",
        make_screen,
        body=Nothing,
        query=Nothing,
        answer=ScreenLink,
        statuses=(201,),
        raises=(Forbidden,),
    ),
)
"""The calls of this file."""
