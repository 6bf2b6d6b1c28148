"""Moving an event on: its hosts say which poll everybody is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from nexus.domain.event import Cue, Event, back, forward
from nexus.domain.event_definition import Show, Step
from nexus.domain.rights import Role
from nexus.domain.views import EventView, event_view
from nexus.errors import EventMoved, EventNotFound, Forbidden, TooMany
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import moves
from nexus.store.event_rows import EventChange

StepT = TypeVar("StepT", bound=Step)


async def show(request: TypedRequest[Show, Nothing], services: RestServices) -> Reply[EventView]:
    """Show a poll to everybody, or nothing; the one before is closed, and a draft is opened."""
    id_ = _event(request, services)
    return _moved(services, await moves.show(services.database, id_, request.body, request.by))


async def next_poll(request: TypedRequest[Step, Nothing], services: RestServices) -> Reply[EventView]:
    """Show the next poll of the run sheet; past its end, nothing."""
    return await _step(request, services, forward)


async def previous_poll(request: TypedRequest[Step, Nothing], services: RestServices) -> Reply[EventView]:
    """Show the poll before; before the first, nothing."""
    return await _step(request, services, back)


async def _step(
    request: TypedRequest[Step, Nothing], services: RestServices, cue: Callable[[Event], Cue]
) -> Reply[EventView]:
    id_ = _event(request, services)
    return _moved(services, await moves.step(services.database, id_, request.body, request.by, cue))


def _event(request: TypedRequest[StepT, Nothing], services: RestServices) -> int:
    """The event that is to move. Raises `TooMany` for a host who moves it too often."""
    id_ = request.path_id("event", EventNotFound())
    wait = services.rates.moves.take(f"{id_} {request.by.voter}")
    if wait:
        raise TooMany("This event has been moved too often. Wait a moment.", after_s=wait)
    return id_


def _moved(services: RestServices, change: EventChange) -> Reply[EventView]:
    """Announce what has committed, and answer the host."""
    services.tallies.event_changed(change)
    return Reply(event_view(change.event, Role.HOST))


CALLS: tuple[RestCall, ...] = (
    call(
        "POST",
        "/events/{event}/show",
        show,
        body=Show,
        query=Nothing,
        answer=EventView,
        raises=(Forbidden, EventMoved, TooMany),
    ),
    *(
        call(
            "POST",
            f"/events/{{event}}/{name}",
            handler,
            body=Step,
            optional=True,
            query=Nothing,
            answer=EventView,
            raises=(Forbidden, EventMoved, TooMany),
        )
        for name, handler in (("next", next_poll), ("previous", previous_poll))
    ),
)
"""The calls of this file."""
