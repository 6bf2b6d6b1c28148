"""Events: hosts prepare a show of several polls under one code, and everybody who may know of it finds it there."""

from __future__ import annotations

from typing import Annotated

import msgspec

from nexus.domain.event_definition import EventPatch, NewEvent
from nexus.domain.rights import Role, require_maker
from nexus.domain.text import says, text_problems, text_rule
from nexus.domain.views import EventView, Number, event_view
from nexus.errors import EventNotFound, Forbidden, Invalid, TooMany
from nexus.http.api.guests import Code
from nexus.http.api.lists import Paged
from nexus.http.api.polls import LONGEST_SEARCH
from nexus.http.api.searches import in_turn
from nexus.http.api.seen_event import see_event
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import event_lists, events
from nexus.store.event_lists import EventFilter, EventOrdering

DEFINITION_BYTES = 4 * 1024 * 1024
"""The largest body with an event: 200 questions of 100 options fit with texts of an ordinary length. The longest texts
that are allowed, all of emoji, would take 28 MiB."""

SEARCHED = "Words or beginnings of words of the title, the description or the code; all must occur."
"""What the documents say of a search."""


class EventQuery(Paged, kw_only=True):
    """Which events to list."""

    search: Annotated[str, text_rule(LONGEST_SEARCH, shortest=0), says(description=SEARCHED)] = ""
    ordering: EventOrdering = "-created_at"

    def filter(self) -> EventFilter:
        """As the store takes it. Raises `Invalid` for a search that cannot be one."""
        if problems := text_problems("search", self.search, LONGEST_SEARCH, shortest=0):
            raise Invalid(errors=tuple(problems))
        return EventFilter(search=self.search, ordering=self.ordering)


class EventPage(msgspec.Struct, frozen=True):
    """A page of events."""

    count: Number
    next: str | None
    previous: str | None
    results: list[EventView]


async def list_events(request: TypedRequest[Nothing, EventQuery], services: RestServices) -> Reply[EventPage]:
    """List the events that you own and those that you co-host; an admin sees every event."""
    query, chosen, by = request.query, request.query.filter(), request.by
    if by.is_bound:
        raise Forbidden("Only registered users have events.")
    count, found = await in_turn(
        request,
        services,
        lambda: event_lists.list_events(services.database, by, chosen, limit=query.limit, offset=query.offset),
        is_search=bool(chosen.search.strip()),
    )
    following, previous = query.links(request.raw, count)
    return Reply(EventPage(count, following, previous, [event_view(one, Role.HOST) for one in found]))


async def create(request: TypedRequest[NewEvent, Nothing], services: RestServices) -> Reply[EventView]:
    """Create an event with its polls, all of them or none."""
    require_maker(request.by)
    created = await events.create(services.database, request.body, request.by)
    return Reply(event_view(created, Role.HOST), 201)


async def join(request: TypedRequest[Code, Nothing], services: RestServices) -> Reply[EventView]:
    """Join an event by its code; a private event and its polls are visible to this voter from then on."""
    event = await services.codes.redeem_event(request.body.text(), request.by, request.address)
    return Reply((await see_event(services.database, event, request.by)).view())


async def read(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[EventView]:
    """Read an event."""
    seen = await see_event(services.database, request.path_id("event", EventNotFound()), request.by)
    return Reply(seen.view())


async def patch(request: TypedRequest[EventPatch, Nothing], services: RestServices) -> Reply[EventView]:
    """Change an event; only the fields that are named change."""
    id_ = request.path_id("event", EventNotFound())
    change = await events.patch(services.database, id_, request.body, request.by)
    services.tallies.event_changed(change)
    return Reply(event_view(change.event, Role.HOST))


async def delete(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Nothing]:
    """Delete an event with its polls and everything in them."""
    id_ = request.path_id("event", EventNotFound())
    services.tallies.event_changed(await events.delete(services.database, id_, request.by))
    return Reply(None, 204)


CALLS: tuple[RestCall, ...] = (
    call("GET", "/events", list_events, body=Nothing, query=EventQuery, answer=EventPage, raises=(Forbidden, TooMany)),
    call(
        "POST",
        "/events",
        create,
        body=NewEvent,
        query=Nothing,
        answer=EventView,
        statuses=(201,),
        raises=(Forbidden, TooMany),
        body_bytes=DEFINITION_BYTES,
    ),
    call("POST", "/events/join", join, body=Code, query=Nothing, answer=EventView, raises=(EventNotFound, TooMany)),
    call("GET", "/events/{event}", read, body=Nothing, query=Nothing, answer=EventView),
    call("PATCH", "/events/{event}", patch, body=EventPatch, query=Nothing, answer=EventView, raises=(Forbidden,)),
    call(
        "DELETE",
        "/events/{event}",
        delete,
        body=Nothing,
        query=Nothing,
        answer=Nothing,
        statuses=(204,),
        raises=(Forbidden,),
    ),
)
"""The calls of this file."""
