"""The table of every call, and the routes that Starlette makes of it."""

from __future__ import annotations

from starlette.routing import Route

from nexus.http.api import (
    accounts,
    audit,
    brands,
    categories,
    event_definitions,
    event_exports,
    event_hosts,
    event_moves,
    event_polls,
    event_results,
    events,
    exports,
    guests,
    health,
    invitations,
    leaving,
    oidc,
    options,
    pairing,
    polls,
    results,
    users,
    votes,
    waiting,
)
from nexus.http.dependencies import RestCall, RestServices
from nexus.http.framework.call import Resource

CALLS: tuple[RestCall, ...] = (
    *accounts.CALLS,
    *leaving.CALLS,
    *invitations.CALLS,
    *users.CALLS,
    *oidc.CALLS,
    *guests.CALLS,
    *waiting.CALLS,
    *brands.CALLS,
    *polls.CALLS,
    *events.CALLS,
    *event_polls.CALLS,
    *event_moves.CALLS,
    *event_hosts.CALLS,
    *event_definitions.CALLS,
    *event_results.CALLS,
    *event_exports.CALLS,
    *pairing.CALLS,
    *options.CALLS,
    *votes.CALLS,
    *results.CALLS,
    *exports.CALLS,
    *audit.CALLS,
    *categories.CALLS,
    *health.CALLS,
)
"""Every call; the documents are made from the same entries."""


def routes(services: RestServices) -> list[Route]:
    """A route for each path, in the order of the table: a fixed path comes before one with an id in its place."""
    paths: dict[str, dict[str, RestCall]] = {}
    for call in CALLS:
        paths.setdefault(call.path, {})[call.method] = call
    return [Route(path, Resource(services, calls)) for path, calls in paths.items()]
