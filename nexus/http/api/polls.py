"""Polls: hosts make, change and run them; everybody else finds, joins and reads those they may know of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import msgspec

from nexus.domain.definition import ID_MAX, NewPoll, PollPatch, text, text_problems
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll, Status, Visibility
from nexus.domain.rights import Role
from nexus.domain.views import Number, PollView, poll_view
from nexus.errors import Forbidden, Invalid, PollHasVotes, PollNotFound, TooMany
from nexus.http.api.guests import Code
from nexus.http.api.lists import Paged
from nexus.http.api.sight import look, look_at_all
from nexus.http.framework.call import Asked, Call, Nothing, Reply, call
from nexus.store import listing, polls, rounds, sessions
from nexus.store.database import Database
from nexus.store.listing import Filter, Ordering

LONGEST_SEARCH = 200


class PollQuery(Paged, kw_only=True):
    """Which polls to list."""

    status: Status | None = None
    category: int | None = None
    created_by: Literal["me"] | None = None
    search: Annotated[str, text(LONGEST_SEARCH, shortest=0)] = ""
    ordering: Ordering = "-created_at"

    def filter(self) -> Filter:
        """As the store takes it. Raises `Invalid` for a search that is none."""
        problems = text_problems("search", self.search, LONGEST_SEARCH, shortest=0)
        if problems:
            raise Invalid(errors=tuple(problems))
        category = self.category
        if category is not None and not 0 < category <= ID_MAX:
            category = 0  # no category has this id, and PostgreSQL can hold it
        return Filter(
            status=self.status,
            category=category,
            mine=self.created_by is not None,
            search=self.search,
            ordering=self.ordering,
        )


class PollPage(msgspec.Struct, frozen=True):
    """A page of polls."""

    count: Number
    next: str | None
    previous: str | None
    results: list[PollView]


class ScreenLink(msgspec.Struct, frozen=True):
    """A screen's token, and the page to open with it; a fragment reaches no server and no log."""

    access: str
    url: str


async def list_polls(asked: Asked[Nothing, PollQuery]) -> Reply[PollPage]:
    """The public polls, one's own and those one joined; all of them for an admin."""
    parts, query = asked.parts, asked.query
    count, found = await listing.list_polls(
        parts.database, asked.by, query.filter(), limit=query.limit, offset=query.offset, counts=parts.counts
    )
    sights = await look_at_all(parts, found, asked.by)
    following, previous = query.links(asked.request, count)
    return Reply(PollPage(count, following, previous, [poll_view(one.poll, one.sees) for one in sights]))


async def create(asked: Asked[NewPoll, Nothing]) -> Reply[PollView]:
    """Create a poll with its options."""
    if not asked.by.may_host:
        raise Forbidden("Only registered users may create polls.")
    poll = await polls.create(asked.parts.database, asked.body, asked.by)
    return _changed(asked.parts.tallies.poll_changed, poll, 201)


async def join(asked: Asked[Code, Nothing]) -> Reply[PollView]:
    """Enter a poll by its code; a private one exists for this voter from then on."""
    poll = await asked.parts.codes.redeem(asked.body.text(), asked.by, asked.address)
    sight = await look(asked.parts, poll, asked.by)
    return Reply(poll_view(sight.poll, sight.sees))


async def read(asked: Asked[Nothing, Nothing]) -> Reply[PollView]:
    """A poll."""
    sight = await look(asked.parts, asked.id("poll", PollNotFound()), asked.by)
    return Reply(poll_view(sight.poll, sight.sees))


async def patch(asked: Asked[PollPatch, Nothing]) -> Reply[PollView]:
    """Change what is named of a poll."""
    id_ = asked.id("poll", PollNotFound())
    poll = await polls.patch(asked.parts.database, id_, asked.body, asked.by)
    return _changed(asked.parts.tallies.poll_changed, poll)


async def delete(asked: Asked[Nothing, Nothing]) -> Reply[Nothing]:
    """Delete a poll with everything in it."""
    id_ = asked.id("poll", PollNotFound())
    await polls.delete(asked.parts.database, id_, asked.by)
    asked.parts.tallies.deleted(id_)
    return Reply(None, 204)


async def open_poll(asked: Asked[Nothing, Nothing]) -> Reply[PollView]:
    """Open a draft or scheduled poll now, or reopen a closed one with its votes."""
    return await _turn(asked, rounds.open_poll)


async def close_poll(asked: Asked[Nothing, Nothing]) -> Reply[PollView]:
    """Close a poll; no vote commits after it."""
    return await _turn(asked, rounds.close_poll)


async def reset_poll(asked: Asked[Nothing, Nothing]) -> Reply[PollView]:
    """Start a new epoch without votes."""
    return await _turn(asked, rounds.reset_poll)


async def _turn(
    asked: Asked[Nothing, Nothing], turn: Callable[[Database, int, Identity], Awaitable[Poll]]
) -> Reply[PollView]:
    poll = await turn(asked.parts.database, asked.id("poll", PollNotFound()), asked.by)
    return _changed(asked.parts.tallies.poll_changed, poll)


def _changed(tell: Callable[[Poll], None], poll: Poll, status: int = 200) -> Reply[PollView]:
    """Tell of what has committed, and answer its host."""
    tell(poll)
    return Reply(poll_view(poll, Visibility.FULL), status)


async def make_screen(asked: Asked[Nothing, Nothing]) -> Reply[ScreenLink]:
    """Make a read-only token for a projector: it sees what the host's screen shows."""
    parts, by = asked.parts, asked.by
    sight = await look(parts, asked.id("poll", PollNotFound()), by)
    if sight.role is not Role.HOST or by.polls is not None:
        raise Forbidden("Only the host of this poll or an admin may do this.")
    ttl_s = parts.lifetimes.screen_s
    login = await sessions.begin_screen(parts.database, sight.poll.id, by, ttl_s)
    access = parts.tokens.access(by.voter, ("screen",), ttl_s, polls=(sight.poll.id,), login=login)
    return Reply(ScreenLink(access, f"/live/{sight.poll.code}#token={access}"), 201)


CALLS: tuple[Call, ...] = (
    call("GET", "/polls", list_polls, body=Nothing, query=PollQuery, answer=PollPage),
    call("POST", "/polls", create, body=NewPoll, query=Nothing, answer=PollView, statuses=(201,), raises=(Forbidden,)),
    call("POST", "/polls/join", join, body=Code, query=Nothing, answer=PollView, raises=(PollNotFound, TooMany)),
    call("GET", "/polls/{poll}", read, body=Nothing, query=Nothing, answer=PollView),
    call(
        "PATCH",
        "/polls/{poll}",
        patch,
        body=PollPatch,
        query=Nothing,
        answer=PollView,
        raises=(Forbidden, PollHasVotes),
    ),
    call(
        "DELETE",
        "/polls/{poll}",
        delete,
        body=Nothing,
        query=Nothing,
        answer=Nothing,
        statuses=(204,),
        raises=(Forbidden,),
    ),
    *(
        call(
            "POST",
            f"/polls/{{poll}}/{name}",
            handler,
            body=Nothing,
            query=Nothing,
            answer=PollView,
            raises=(Forbidden,),
        )
        for name, handler in (("open", open_poll), ("close", close_poll), ("reset", reset_poll))
    ),
    call(
        "POST",
        "/polls/{poll}/screen",
        make_screen,
        body=Nothing,
        query=Nothing,
        answer=ScreenLink,
        statuses=(201,),
        raises=(Forbidden,),
    ),
)
"""The calls of this file."""
