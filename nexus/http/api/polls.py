"""Polls: hosts create, change and run them; everybody else finds, joins and reads those that they may know of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET

from nexus.domain.definition import ID_MAX, NewPoll, Opening, PollPatch
from nexus.domain.identity import Identity
from nexus.domain.poll import Poll, Status, Visibility
from nexus.domain.rights import Role, is_delegate, require_maker, rules_of
from nexus.domain.text import says, text_problems, text_rule
from nexus.domain.views import Number, PollView, poll_view
from nexus.errors import Forbidden, Invalid, PollHasVotes, PollInEvent, PollNotFound, TooMany
from nexus.http.api.guests import Code
from nexus.http.api.lists import PagedInParts
from nexus.http.api.searches import in_turn
from nexus.http.api.seen_poll import SeenPoll, see_poll, see_polls
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import event_polls, listing, polls, rounds, sessions
from nexus.store.database import Database
from nexus.store.listing import Filter, Ordering
from nexus.voting.tallies import Tallies

BODY_BYTES = 256 * 1024
"""The largest body in which a poll is written: 100 options of 255 characters of any script in UTF-8."""

LONGEST_SEARCH = 200
"""Characters of a search."""
SEARCHED = "Words or beginnings of words of the question, the options, the description or the code; all must occur."
"""What the documents say of a search."""


class PollQuery(PagedInParts, kw_only=True):
    """Which polls to list."""

    status: Status | None = None
    category: int | None = None
    created_by: Literal["me"] | None = None
    event: Literal["none"] | None = None
    search: Annotated[str, text_rule(LONGEST_SEARCH, shortest=0), says(description=SEARCHED)] = ""
    ordering: Ordering = "-created_at"

    def filter(self) -> Filter:
        """As the store takes it. Raises `Invalid` for a search that cannot be one."""
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
            alone=self.event is not None,
            search=self.search,
            ordering=self.ordering,
        )


class PollPage(msgspec.Struct, frozen=True):
    """A page of polls."""

    count: Number
    next: str | None
    previous: str | None
    results: list[PollView]


class Correction(msgspec.Struct):
    """Whether the question may change although there are votes: a correction of its spelling, which keeps them."""

    correction: bool = False


class ScreenLink(msgspec.Struct, frozen=True):
    """A screen's token, and the page to open; the token is in its URL's fragment, which no server or log sees."""

    access: str
    url: str


async def list_polls(request: TypedRequest[Nothing, PollQuery], services: RestServices) -> Reply[PollPage]:
    """List the public polls, your own and those you joined; an admin sees every poll."""
    query, chosen = request.query, request.query.filter()

    async def read() -> tuple[int, list[SeenPoll]]:
        count, found = await listing.list_polls(
            services.database,
            request.by,
            chosen,
            limit=query.part_limit,
            offset=query.part_offset,
            counts=services.counts,
        )
        return count, await see_polls(services.database, found, request.by)

    count, seen = await in_turn(request, services, read, is_search=chosen.is_search)
    following, previous = query.part_links(request.raw, count, len(seen))
    return Reply(PollPage(count, following, previous, [poll_view(one.poll, one.sees) for one in seen]))


async def create(request: TypedRequest[NewPoll, Nothing], services: RestServices) -> Reply[PollView]:
    """Create a poll with its options."""
    require_maker(request.by)
    poll = await polls.create(services.database, request.body, request.by)
    return _changed(services.tallies, poll, 201)


async def join(request: TypedRequest[Code, Nothing], services: RestServices) -> Reply[PollView]:
    """Join a poll by its code; a private poll is visible to this voter from then on."""
    poll = await services.codes.redeem(request.body.text(), request.by, request.address)
    seen = await see_poll(services.tallies, poll, request.by)
    return Reply(poll_view(seen.poll, seen.sees))


async def read(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[PollView]:
    """Read a poll."""
    seen = await see_poll(services.tallies, request.path_id("poll", PollNotFound()), request.by)
    return Reply(poll_view(seen.poll, seen.sees))


async def patch(request: TypedRequest[PollPatch, Correction], services: RestServices) -> Reply[PollView]:
    """Change a poll; only the fields that are named change."""
    id_ = request.path_id("poll", PollNotFound())
    correction = request.query.correction
    poll = await polls.patch(services.database, id_, request.body, request.by, correction=correction)
    if poll.event is not None and request.body.position is not UNSET:  # others have made room for it
        services.tallies.event_changed(await event_polls.whole(services.database, poll.event))
    return _changed(services.tallies, poll)


async def delete(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Nothing]:
    """Delete a poll and everything in it."""
    id_ = request.path_id("poll", PollNotFound())
    services.tallies.event_changed(await polls.delete(services.database, id_, request.by))
    return Reply(None, 204)


async def copy(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[PollView]:
    """Copy a poll's definition to a new draft of yours."""
    poll = await polls.copy(services.database, request.path_id("poll", PollNotFound()), request.by)
    return _changed(services.tallies, poll, 201)


async def open_poll(request: TypedRequest[Opening, Nothing], services: RestServices) -> Reply[PollView]:
    """Open a draft or scheduled poll now, or reopen a closed one with its votes; for some seconds, or until its end."""
    id_ = request.path_id("poll", PollNotFound())
    poll = await rounds.open_poll(services.database, id_, request.by, request.body)
    return _changed(services.tallies, poll)


async def close_poll(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[PollView]:
    """Close a poll; no vote commits after it."""
    return await _turn(request, services, rounds.close_poll)


async def reset_poll(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[PollView]:
    """Start a new round without votes."""
    return await _turn(request, services, rounds.reset_poll)


async def _turn(
    request: TypedRequest[Nothing, Nothing],
    services: RestServices,
    turn: Callable[[Database, int, Identity], Awaitable[Poll]],
) -> Reply[PollView]:
    poll = await turn(services.database, request.path_id("poll", PollNotFound()), request.by)
    return _changed(services.tallies, poll)


def _changed(tallies: Tallies, poll: Poll, status: int = 200) -> Reply[PollView]:
    """Announce what has committed, and answer its host."""
    tallies.poll_changed(poll)
    return Reply(poll_view(poll, Visibility.FULL), status)


async def make_screen(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[ScreenLink]:
    """Create a read-only token for a projector, which shows what the host's own screen shows."""
    by = request.by
    seen = await see_poll(services.tallies, request.path_id("poll", PollNotFound()), by)
    seen.require_host()
    if seen.poll.event is not None:
        raise PollInEvent
    ttl_s = services.lifetimes.screen_s
    login = await sessions.begin_screen(services.database, seen.poll.id, by, ttl_s)
    access = services.tokens.access(
        by.voter,
        (Role.SCREEN,),
        ttl_s,
        polls=(seen.poll.id,),
        login=login,
        delegated=is_delegate(by, rules_of(seen.poll)),
    )
    return Reply(ScreenLink(access, request.public.url(f"/live/{seen.poll.code}#token={access}")), 201)


CALLS: tuple[RestCall, ...] = (
    call("GET", "/polls", list_polls, body=Nothing, query=PollQuery, answer=PollPage, raises=(TooMany,)),
    call(
        "POST",
        "/polls",
        create,
        body=NewPoll,
        query=Nothing,
        answer=PollView,
        statuses=(201,),
        raises=(Forbidden,),
        body_bytes=BODY_BYTES,
    ),
    call("POST", "/polls/join", join, body=Code, query=Nothing, answer=PollView, raises=(PollNotFound, TooMany)),
    call("GET", "/polls/{poll}", read, body=Nothing, query=Nothing, answer=PollView),
    call(
        "PATCH",
        "/polls/{poll}",
        patch,
        body=PollPatch,
        query=Correction,
        answer=PollView,
        raises=(Forbidden, PollHasVotes),
        body_bytes=BODY_BYTES,
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
        for name, handler in (("close", close_poll), ("reset", reset_poll))
    ),
    call(
        "POST",
        "/polls/{poll}/open",
        open_poll,
        body=Opening,
        optional=True,
        query=Nothing,
        answer=PollView,
        raises=(Forbidden,),
    ),
    call(
        "POST",
        "/polls/{poll}/copy",
        copy,
        body=Nothing,
        query=Nothing,
        answer=PollView,
        statuses=(201,),
        raises=(Forbidden,),
    ),
    call(
        "POST",
        "/polls/{poll}/screen",
        make_screen,
        body=Nothing,
        query=Nothing,
        answer=ScreenLink,
        statuses=(201,),
        raises=(Forbidden, PollInEvent),
    ),
)
"""The calls of this file."""
