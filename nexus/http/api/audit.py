"""The audit log, with the votes of the ledger: who did what to what, and when (docs/contract.md, "History")."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from nexus.domain.definition import ID_MAX
from nexus.domain.text import text_problems, text_rule
from nexus.domain.views import stamp
from nexus.errors import EventNotFound, Forbidden, Invalid, PollNotFound
from nexus.http.api.lists import Paged
from nexus.http.api.searches import in_turn
from nexus.http.api.seen_event import see_event
from nexus.http.api.seen_poll import see_poll
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import history
from nexus.store.history import HistoryEntry, Which

LONGEST_FILTER = 255
"""Characters of a filter."""

AuditFilter = Annotated[str, text_rule(LONGEST_FILTER)]


Change = Annotated[object, Meta(extra_json_schema={"description": "the new value, or [the old value, the new value]"})]


class AuditQuery(Paged, kw_only=True):
    """Which entries to list: those of a subject, of an action, or about one target."""

    user: AuditFilter | None = None
    action: AuditFilter | None = None
    target_type: AuditFilter | None = None
    target_id: int | None = None

    def which(self, poll: int | None = None, event: int | None = None, polls: tuple[int, ...] = ()) -> Which:
        """As the store takes it. Raises `Invalid` for a text that no entry can contain."""
        texts = [("user", self.user), ("action", self.action), ("target_type", self.target_type)]
        problems = [one for name, text in texts if text for one in text_problems(name, text, LONGEST_FILTER)]
        if problems:
            raise Invalid(errors=tuple(problems))
        target = self.target_id
        if target is not None and not 0 < target <= ID_MAX:
            target = -1  # nothing has this id, and PostgreSQL can hold it
        return Which(
            poll=poll,
            event=event,
            polls=polls,
            user=self.user,
            action=self.action,
            target_type=self.target_type,
            target_id=target,
        )


class AuditEntry(msgspec.Struct, frozen=True):
    """One entry; `user` is the subject who did it, `clock` for what happens at a set time, `cli` for what the operator
    does."""

    id: int
    user: str
    action: str
    target_type: str
    target_id: int
    timestamp: str
    details: dict[str, Change]


class AuditPage(msgspec.Struct, frozen=True):
    """A page of the audit log, newest first."""

    count: int
    next: str | None
    previous: str | None
    results: list[AuditEntry]


async def read_poll(request: TypedRequest[Nothing, AuditQuery], services: RestServices) -> Reply[AuditPage]:
    """Read the history of a poll: its changes, and who voted; never what they chose."""
    seen = await see_poll(services.tallies, request.path_id("poll", PollNotFound()), request.by)
    seen.require_host()
    return await _page(request, services, request.query.which(seen.poll.id))


async def read_event(request: TypedRequest[Nothing, AuditQuery], services: RestServices) -> Reply[AuditPage]:
    """Read the history of an event and of all polls that it has or had."""
    seen = await see_event(services.database, request.path_id("event", EventNotFound()), request.by)
    seen.require_host()
    polls = await history.polls_of_event(services.database, seen.event.id)
    return await _page(request, services, request.query.which(event=seen.event.id, polls=polls))


async def read_all(request: TypedRequest[Nothing, AuditQuery], services: RestServices) -> Reply[AuditPage]:
    """Read the history of everything."""
    request.by.require_admin()
    return await _page(request, services, request.query.which())


async def _page(request: TypedRequest[Nothing, AuditQuery], services: RestServices, which: Which) -> Reply[AuditPage]:
    query = request.query

    async def read() -> tuple[int, list[HistoryEntry]]:
        return await history.entries(services.database, which, services.counts, limit=query.limit, offset=query.offset)

    count, found = await in_turn(request, services, read, is_search=False)
    following, previous = query.links(request.raw, count)
    return Reply(AuditPage(count, following, previous, [_view(entry) for entry in found]))


def _view(entry: HistoryEntry) -> AuditEntry:
    return AuditEntry(
        id=entry.id,
        user=entry.user,
        action=entry.action,
        target_type=entry.target_type,
        target_id=entry.target_id,
        timestamp=stamp(entry.timestamp),
        details=entry.details,
    )


CALLS: tuple[RestCall, ...] = (
    call(
        "GET", "/polls/{poll}/audit", read_poll, body=Nothing, query=AuditQuery, answer=AuditPage, raises=(Forbidden,)
    ),
    call(
        "GET",
        "/events/{event}/audit",
        read_event,
        body=Nothing,
        query=AuditQuery,
        answer=AuditPage,
        raises=(Forbidden,),
    ),
    call("GET", "/audit", read_all, body=Nothing, query=AuditQuery, answer=AuditPage, raises=(Forbidden,)),
)
"""The calls of this file."""
