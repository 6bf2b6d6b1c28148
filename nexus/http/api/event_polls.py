"""The run sheet of an event: its hosts add polls to it and order them."""

from __future__ import annotations

from nexus.domain.event_definition import EventPoll, RunOrder
from nexus.domain.poll import Visibility
from nexus.domain.rights import Role
from nexus.domain.views import EventView, PollView, event_view, poll_view
from nexus.errors import EventChanged, EventNotFound, Forbidden, TooManyPolls
from nexus.http.api.polls import BODY_BYTES
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import event_polls


async def add(request: TypedRequest[EventPoll, Nothing], services: RestServices) -> Reply[PollView]:
    """Add a draft to an event: a new poll, or a copy of one of yours."""
    id_ = request.path_id("event", EventNotFound())
    change, poll = await event_polls.add(services.database, id_, request.body, request.by)
    services.tallies.event_changed(change)
    return Reply(poll_view(poll, Visibility.FULL), 201)


async def reorder(request: TypedRequest[RunOrder, Nothing], services: RestServices) -> Reply[EventView]:
    """Give the polls of an event another order."""
    id_ = request.path_id("event", EventNotFound())
    change = await event_polls.reorder(services.database, id_, request.body.polls, request.by)
    services.tallies.event_changed(change)
    return Reply(event_view(change.event, Role.HOST))


CALLS: tuple[RestCall, ...] = (
    call(
        "POST",
        "/events/{event}/polls",
        add,
        body=EventPoll,
        query=Nothing,
        answer=PollView,
        statuses=(201,),
        raises=(Forbidden, TooManyPolls),
        body_bytes=BODY_BYTES,
    ),
    call(
        "PUT",
        "/events/{event}/order",
        reorder,
        body=RunOrder,
        query=Nothing,
        answer=EventView,
        raises=(Forbidden, EventChanged),
    ),
)
"""The calls of this file."""
