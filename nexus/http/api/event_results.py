"""Results of an event: those of all its polls, each under its own policy."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec

from nexus.domain.identity import Identity
from nexus.domain.poll import Status
from nexus.domain.views import Id, Number, ResultsView, results_view
from nexus.errors import EventNotFound, PollNotFound
from nexus.http.api.seen_event import see_event
from nexus.http.api.seen_poll import SeenPoll, see_poll
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.voting.tallies import Tallies


class EventResults(msgspec.Struct, frozen=True):
    """The results of the polls of an event that are no drafts, in the order of its run sheet."""

    event: Id
    revision: Number
    results: list[ResultsView]


async def read(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[EventResults]:
    """Read the results of all polls of an event, as far as you may see them."""
    by = request.by
    event = (await see_event(services.database, request.path_id("event", EventNotFound()), by)).event
    seen = await asyncio.gather(*(_seen(services.tallies, poll, by) for poll in event.order))
    now = datetime.now(UTC)
    told = [results_view(one.poll, one.sees, now) for one in seen if one and one.poll.status is not Status.DRAFT]
    return Reply(EventResults(event.id, event.revision, told))


async def _seen(tallies: Tallies, poll: int, by: Identity) -> SeenPoll | None:
    """A poll as `by` sees it, None where it is not there for them."""
    try:
        return await see_poll(tallies, poll, by)
    except PollNotFound:
        return None


CALLS: tuple[RestCall, ...] = (
    call("GET", "/events/{event}/results", read, body=Nothing, query=Nothing, answer=EventResults),
)
"""The calls of this file."""
