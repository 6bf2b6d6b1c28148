"""Who runs an event: its owner, and the co-hosts that the owner names."""

from __future__ import annotations

from typing import Annotated

import msgspec

from nexus.domain.identity import Identity
from nexus.domain.rights import Role, event_rules, require_owner
from nexus.domain.text import LONGEST_NAME, text_problems, text_rule
from nexus.domain.views import EventView, Number, event_view
from nexus.errors import AccountDisabled, EventNotFound, Forbidden, Invalid, TooManyHosts, UserNotFound
from nexus.http.api.lists import Paged
from nexus.http.api.seen_event import see_event
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Nothing, Reply, TypedRequest, call
from nexus.store import accounts, event_hosts
from nexus.store.accounts import User
from nexus.store.event_hosts import EventHost

LONGEST_SUBJECT = 255
"""Characters of a subject."""


class Named(msgspec.Struct, forbid_unknown_fields=True):
    """An account, by its name."""

    username: Annotated[str, text_rule(LONGEST_NAME)]


class HostQuery(Paged, kw_only=True):
    """Which page of the co-hosts."""


class Subject(msgspec.Struct):
    """A co-host, by its subject."""

    sub: Annotated[str, text_rule(LONGEST_SUBJECT)]


class HostPage(msgspec.Struct, frozen=True):
    """A page of co-hosts, and the owner on each."""

    count: Number
    next: str | None
    previous: str | None
    owner: EventHost
    results: list[EventHost]


async def list_hosts(request: TypedRequest[Nothing, HostQuery], services: RestServices) -> Reply[HostPage]:
    """List the co-hosts of an event, in the order in which they were added; `owner` is its owner."""
    seen = await see_event(services.database, request.path_id("event", EventNotFound()), request.by)
    seen.require_host()
    query = request.query
    owner, found = await event_hosts.hosts_of(services.database, seen.event.id)
    following, previous = query.links(request.raw, len(found))
    page = found[query.offset : query.offset + query.limit]
    return Reply(HostPage(len(found), following, previous, owner, page))


async def add(request: TypedRequest[Named, Nothing], services: RestServices) -> Reply[EventView]:
    """Let an account co-host an event."""
    event, user = await _named(request, services)
    change, is_new = await event_hosts.add_host(services.database, event, user, request.by)
    services.tallies.event_changed(change)
    return Reply(event_view(change.event, Role.HOST), 201 if is_new else 200)


async def remove(request: TypedRequest[Nothing, Nothing], services: RestServices) -> Reply[Nothing]:
    """Let an account co-host an event no longer."""
    event, user = request.path_id("event", EventNotFound()), request.path_id("user", UserNotFound())
    return await _removed(services, event, f"user:{user}", request.by)


async def remove_subject(request: TypedRequest[Nothing, Subject], services: RestServices) -> Reply[Nothing]:
    """Let a subject co-host an event no longer: also one of another issuer, which has no account here."""
    return await _removed(services, request.path_id("event", EventNotFound()), request.query.sub, request.by)


async def _removed(services: RestServices, event: int, voter: str, by: Identity) -> Reply[Nothing]:
    services.tallies.event_changed(await event_hosts.remove_host(services.database, event, voter, by))
    return Reply(None, 204)


async def hand_over(request: TypedRequest[Named, Nothing], services: RestServices) -> Reply[EventView]:
    """Give an event to another account; the owner before stays as co-host."""
    event, user = await _named(request, services)
    change = await event_hosts.give_to(services.database, event, user, request.by)
    services.tallies.event_changed(change)
    return Reply(event_view(change.event, Role.HOST))


async def _named(request: TypedRequest[Named, Nothing], services: RestServices) -> tuple[int, User]:
    """The event, whose owner asks, and the account that is named: nobody else learns whether it is there."""
    seen = await see_event(services.database, request.path_id("event", EventNotFound()), request.by)
    require_owner(request.by, event_rules(seen.event))
    name = request.body.username
    if problems := text_problems("username", name, LONGEST_NAME):
        raise Invalid(errors=tuple(problems))
    user = await accounts.by_name(services.database, name.strip())
    if user is None:
        raise UserNotFound
    return seen.event.id, user


CALLS: tuple[RestCall, ...] = (
    call(
        "GET", "/events/{event}/hosts", list_hosts, body=Nothing, query=HostQuery, answer=HostPage, raises=(Forbidden,)
    ),
    call(
        "POST",
        "/events/{event}/hosts",
        add,
        body=Named,
        query=Nothing,
        answer=EventView,
        statuses=(201, 200),
        raises=(Forbidden, UserNotFound, AccountDisabled, TooManyHosts),
    ),
    call(
        "DELETE",
        "/events/{event}/hosts",
        remove_subject,
        body=Nothing,
        query=Subject,
        answer=Nothing,
        statuses=(204,),
        raises=(Forbidden, UserNotFound),
    ),
    call(
        "DELETE",
        "/events/{event}/hosts/{user}",
        remove,
        body=Nothing,
        query=Nothing,
        answer=Nothing,
        statuses=(204,),
        raises=(Forbidden,),
    ),
    call(
        "POST",
        "/events/{event}/owner",
        hand_over,
        body=Named,
        query=Nothing,
        answer=EventView,
        raises=(Forbidden, UserNotFound, AccountDisabled, TooManyHosts),
    ),
)
"""The calls of this file."""
