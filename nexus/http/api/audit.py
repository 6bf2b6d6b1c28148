"""The audit log, with the votes of the ledger: who did what to which thing, and when (contract, section 2)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from nexus.domain.definition import ID_MAX, text, text_problems
from nexus.domain.rights import Role
from nexus.domain.views import stamp
from nexus.errors import Forbidden, Invalid, PollNotFound
from nexus.http.api.lists import Paged
from nexus.http.api.sight import look
from nexus.http.framework.call import Asked, Call, Nothing, Reply, call
from nexus.store import history
from nexus.store.history import HistoryEntry, Which

LONGEST_FILTER = 255
Filter = Annotated[str, text(LONGEST_FILTER)]


Change = Annotated[object, Meta(extra_json_schema={"description": "what it became, or [what it was, what it became]"})]


class AuditQuery(Paged, kw_only=True):
    """Which entries to list: those of a subject, with an action, or about one thing."""

    user: Filter | None = None
    action: Filter | None = None
    target_type: Filter | None = None
    target_id: int | None = None

    def which(self, poll: int | None = None) -> Which:
        """As the store takes it. Raises `Invalid` for a text that can stand in no entry."""
        texts = [("user", self.user), ("action", self.action), ("target_type", self.target_type)]
        problems = [one for name, text in texts if text for one in text_problems(name, text, LONGEST_FILTER)]
        if problems:
            raise Invalid(errors=tuple(problems))
        target = self.target_id
        if target is not None and not 0 < target <= ID_MAX:
            target = 0  # nothing has this id, and PostgreSQL can hold it
        return Which(poll=poll, user=self.user, action=self.action, target_type=self.target_type, target_id=target)


class AuditEntry(msgspec.Struct, frozen=True):
    """One entry; `user` is the subject who did it, `clock` for what happens when its time comes, `cli` for what the
    operator does."""

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


async def read_poll(asked: Asked[Nothing, AuditQuery]) -> Reply[AuditPage]:
    """The history of a poll: its changes, and who voted; never what they chose."""
    by = asked.by
    sight = await look(asked.parts, asked.id("poll", PollNotFound()), by)
    if sight.role is not Role.HOST or by.polls is not None:
        raise Forbidden("Only the host of this poll or an admin may do this.")
    return await _page(asked, asked.query.which(sight.poll.id))


async def read_all(asked: Asked[Nothing, AuditQuery]) -> Reply[AuditPage]:
    """The history of everything."""
    if not asked.by.is_admin or asked.by.polls is not None:
        raise Forbidden("Only an admin may do this.")
    return await _page(asked, asked.query.which())


async def _page(asked: Asked[Nothing, AuditQuery], which: Which) -> Reply[AuditPage]:
    query = asked.query
    count, found = await history.entries(
        asked.parts.database, which, asked.parts.counts, limit=query.limit, offset=query.offset
    )
    following, previous = query.links(asked.request, count)
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


CALLS: tuple[Call, ...] = (
    call(
        "GET", "/polls/{poll}/audit", read_poll, body=Nothing, query=AuditQuery, answer=AuditPage, raises=(Forbidden,)
    ),
    call("GET", "/audit", read_all, body=Nothing, query=AuditQuery, answer=AuditPage, raises=(Forbidden,)),
)
"""The calls of this file."""
